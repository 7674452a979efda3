import { createGarbageCollector, type GarbageObserver, type GarbageReport } from '@purser/storage';
import { formatDuration } from '../config/duration.ts';
import { createStoredDecoder } from '../create/manifests/manifests.ts';
import { StartError } from '../create/start-error.ts';
import { showGarbageBars } from '../show/garbage-bars.ts';
import { showGarbageLines } from '../show/garbage-lines.ts';
import { openStorage, type OpenStorage } from './open-storage.ts';
import type { CommandProcess } from './serve.ts';

export interface GarbageCollectArguments {
  readonly path: string | undefined;
  readonly dryRun: boolean;
  /** Whether nothing else uses the storage. */
  readonly offline: boolean;
  readonly deleteUntagged: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  /** Default: `storage.gc.grace` of the configuration. */
  readonly graceMs: number | undefined;
}

type GarbageProcess = Pick<
  CommandProcess,
  'environment' | 'writeError' | 'writeOutput' | 'nextSignal' | 'terminal'
>;

/**
 * Deletes content that no manifest references: `purser garbage-collect [config.yml]`. It may run while the registry serves if
 * the grace period is longer than the slowest push.
 *
 * @returns The exit status: 1 when another collects garbage on this storage, or a signal ended it.
 * @throws ConfigurationError, StartError.
 * @see distribution, `registry garbage-collect`.
 */
export async function garbageCollect(
  options: GarbageCollectArguments,
  process: GarbageProcess,
): Promise<number> {
  await using storage = await openStorage(options.path, process);
  requireCreate(storage, options);
  const { graceMs = storage.config.storage.gc.grace } = options;
  process.writeOutput(announcement({ ...options, graceMs }));
  const progress = showProgress(options, process);
  const collector = createGarbageCollector({
    driver: storage.driver,
    decoder: createStoredDecoder(),
    observer: progress.observer,
  });
  const stop = new AbortController();
  void process.nextSignal().then((signal) => stop.abort(new StoppedError(signal)));
  const { dryRun, offline, deleteUntagged } = options;
  const wanted = { dryRun, offline, deleteUntagged, graceMs, patient: true, signal: stop.signal };
  try {
    const report = await collector.collect(wanted).finally(progress.stop);
    return tellReport(report, options, process);
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    process.writeError(`${error.message}\n`);
    return 1;
  }
}

function requireCreate({ driver }: OpenStorage, options: GarbageCollectArguments): void {
  if (driver.create !== undefined || options.dryRun || options.offline) return;
  throw new StartError(
    `cannot collect garbage on the storage driver ${driver.name} while others use it: ` +
      'it does not tell which of several processes created a file; stop the registry and give --offline',
  );
}

/** @returns The exit status. */
function tellReport(
  report: GarbageReport | undefined,
  { dryRun, quiet, json }: GarbageCollectArguments,
  { writeOutput, writeError }: GarbageProcess,
): number {
  if (report === undefined) {
    writeError('another process collects garbage on this storage: try again when it is done\n');
    return 1;
  }
  for (const { repository, path: damaged } of report.damaged) {
    writeError(`${repository}: everything is kept, since ${damaged} cannot be read\n`);
  }
  writeOutput(json ? JSON.stringify(report) : summary(report, { dryRun, quiet }));
  return 0;
}

/** Says what will happen, before it does. */
function announcement(
  options: GarbageCollectArguments & { readonly graceMs: number },
): readonly string[] {
  const { quiet, json, dryRun, offline, graceMs } = options;
  if (quiet || json || dryRun) return [];
  if (offline) return ['Deleting without a grace period: nothing else may use this storage.'];
  const grace = formatDuration(graceMs);
  return [
    `Deleting after a grace period of ${grace}, so that no push in progress loses content.`,
    'Change it with --grace, or skip it with --offline if nothing else uses the storage.',
  ];
}

class StoppedError extends Error {
  constructor(signal: string) {
    super(`${signal}: stopped before everything was deleted; what was not can be the next time`);
  }
}

interface Progress {
  readonly observer?: GarbageObserver;
  readonly stop: () => void;
}

function showProgress({ quiet, json }: GarbageCollectArguments, process: GarbageProcess): Progress {
  const { terminal, writeOutput } = process;
  if (quiet || json) return { stop: () => {} };
  if (terminal !== undefined) return showGarbageBars(terminal.stream, writeOutput);
  return { observer: showGarbageLines(writeOutput), stop: () => {} };
}

function summary(
  { needed, deleted, spared }: GarbageReport,
  { dryRun, quiet }: { dryRun: boolean; quiet: boolean },
): readonly string[] {
  if (quiet) return [];
  const counted =
    `${deleted.blobs} blobs (${deleted.bytes} bytes), ${deleted.manifests} manifests ` +
    `and ${deleted.links} links`;
  if (dryRun) {
    return ['', `${needed.digests} blobs marked; ${counted} eligible for deletion.`];
  }
  const asked = spared > 0 ? ` ${spared} were asked for meanwhile, and stay.` : '';
  return ['', `${needed.digests} blobs marked; ${counted} deleted.${asked}`];
}
