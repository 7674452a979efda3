import { createGarbageCollector, type GarbageObserver, type GarbageReport } from '@purser/storage';
import { createStoredDecoder } from '../create/manifests/manifests.ts';
import { StartError } from '../create/start-error.ts';
import { showGarbageBars } from '../show/garbage-bars.ts';
import { showGarbageLines } from '../show/garbage-lines.ts';
import { openStorage } from './open-storage.ts';
import type { CommandProcess } from './serve.ts';

export interface GarbageCollectArguments {
  readonly path: string | undefined;
  readonly dryRun: boolean;
  /** Whether nothing else uses the storage. */
  readonly offline: boolean;
  readonly deleteUntagged: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly graceMs: number | undefined;
}

type GarbageProcess = Pick<
  CommandProcess,
  'environment' | 'writeError' | 'writeOutput' | 'nextSignal' | 'terminal'
>;

/**
 * Deletes what no manifest needs: `purser garbage-collect [config.yml]`. It may run while the registry serves; then the
 * grace should be longer than a push takes.
 *
 * @returns The exit status: 1 when another collects garbage on this storage, or a signal ended it.
 * @throws ConfigurationError, StartError.
 * @see distribution, `registry garbage-collect`.
 */
export async function garbageCollect(
  options: GarbageCollectArguments,
  process: GarbageProcess,
): Promise<number> {
  const { path, quiet, json, dryRun, offline, deleteUntagged, graceMs } = options;
  const { writeOutput, writeError } = process;
  await using storage = await openStorage(path, process);
  const { driver } = storage;
  if (driver.create === undefined && !dryRun && !offline) {
    throw new StartError(
      `cannot collect garbage on the storage driver ${driver.name} while others use it: ` +
        'it does not tell which of several processes created a file; stop the registry and give --offline',
    );
  }
  const { observer, stop: stopProgress } = showProgress(options, process);
  const collector = createGarbageCollector({ driver, decoder: createStoredDecoder(), observer });
  const stop = new AbortController();
  void process.nextSignal().then((signal) => stop.abort(new StoppedError(signal)));
  try {
    const wanted = { dryRun, offline, deleteUntagged, graceMs, patient: true, signal: stop.signal };
    const report = await collector.collect(wanted).finally(stopProgress);
    if (report === undefined) {
      writeError('another process collects garbage on this storage: try again when it is done\n');
      return 1;
    }
    for (const { repository, path: damaged } of report.damaged) {
      writeError(`${repository}: everything is kept, since ${damaged} cannot be read\n`);
    }
    writeOutput(json ? JSON.stringify(report) : summary(report, { dryRun, quiet }));
    return 0;
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    writeError(`${error.message}\n`);
    return 1;
  }
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
