import {
  createGarbageCollector,
  type GarbageEvent,
  type GarbageFound,
  type GarbageReport,
} from '@purser/storage';
import { createStoredDecoder } from '../create/manifests.ts';
import { StartError } from '../create/start-error.ts';
import { openStorage } from './open-storage.ts';
import type { CommandProcess } from './serve.ts';

export interface GarbageCollectArguments {
  readonly path: string | undefined;
  readonly dryRun: boolean;
  readonly deleteUntagged: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly graceMs: number | undefined;
}

type GarbageProcess = Pick<
  CommandProcess,
  'environment' | 'writeError' | 'writeOutput' | 'nextSignal'
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
  const { path, quiet, json, dryRun, deleteUntagged, graceMs } = options;
  const { writeOutput, writeError } = process;
  await using storage = await openStorage(path, process);
  const { driver } = storage;
  if (driver.create === undefined) {
    throw new StartError(
      `cannot collect garbage on the storage driver ${driver.name}: it does not tell which of several processes created a file`,
    );
  }
  const observer = quiet || json ? undefined : new Narrator(writeOutput).observe;
  const collector = createGarbageCollector({ driver, decoder: createStoredDecoder(), observer });
  const stop = new AbortController();
  void process.nextSignal().then((signal) => stop.abort(new StoppedError(signal)));
  try {
    const wanted = { dryRun, deleteUntagged, graceMs, signal: stop.signal };
    const report = await collector.collect(wanted);
    if (report === undefined) {
      writeError('another process collects garbage on this storage: try again when it is done\n');
      return 1;
    }
    for (const { repository, path: damaged } of report.damaged) {
      writeError(`${repository}: everything is kept, since ${damaged} cannot be read\n`);
    }
    writeOutput(json ? `${JSON.stringify(report)}\n` : summary(report, { dryRun, quiet }));
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

/** Says what happens, in distribution's words where it has some. */
class Narrator {
  readonly #write: (line: string) => void;
  #isFirstLook = true;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  readonly observe = (event: GarbageEvent): void => {
    if (event.kind === 'phase') this.#begin(event);
    else if (event.kind === 'repository' && this.#isFirstLook) this.#write(`${event.name}\n`);
    else if (event.kind === 'garbage') this.#tell(event.garbage);
  };

  #begin({ phase, total = 0 }: Extract<GarbageEvent, { kind: 'phase' }>): void {
    if (phase === 'mark')
      this.#write('Looking for what nothing needs, repository by repository.\n');
    if (phase === 'grace') {
      this.#write(`${total} digests are garbage, unless somebody asks for them now; waiting.\n`);
    }
    if (phase === 'mark-again') {
      this.#isFirstLook = false;
      this.#write('Looking again.\n');
    }
    if (phase === 'sweep') this.#write(`Deleting ${total}.\n`);
  }

  #tell({ digest, bytes, links }: GarbageFound): void {
    for (const { repository, kind, name } of links) {
      if (kind === 'manifest') {
        this.#write(`manifest eligible for deletion: ${repository}@${name}\n`);
      } else if (kind === 'blob') {
        this.#write(`${repository}: layer link eligible for deletion: ${name}\n`);
      }
    }
    if (bytes) this.#write(`blob eligible for deletion: ${digest}\n`);
  }
}

function summary(
  { needed, deleted, spared }: GarbageReport,
  { dryRun, quiet }: { dryRun: boolean; quiet: boolean },
): string {
  if (quiet) return '';
  const counted =
    `${deleted.blobs} blobs (${deleted.bytes} bytes), ${deleted.manifests} manifests ` +
    `and ${deleted.links} links`;
  if (dryRun) {
    return `\n${needed.digests} blobs marked; ${counted} eligible for deletion.\n`;
  }
  const asked = spared > 0 ? ` ${spared} were asked for meanwhile, and stay.` : '';
  return `\n${needed.digests} blobs marked; ${counted} deleted.${asked}\n`;
}
