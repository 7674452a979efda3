import { reloadOnRequest, type Reloading } from '../commands/reload-on-request.ts';
import type { CommandProcess } from '../commands/serve.ts';
import type { LoadedConfig } from '../config/load.ts';
import { startPrimaryDebugServer } from './primary-debug-server.ts';
import { WorkerProcesses } from './worker-processes.ts';

export interface PrimaryOptions {
  readonly reloading: Reloading;
  readonly process: Pick<CommandProcess, 'nextSignal' | 'writeError' | 'writeOutput'>;
  /** Called once, when all accept connections. */
  readonly onServing: (url: string) => void;
}

/**
 * Serves with several processes that share one address, until a signal comes.
 *
 * @returns The exit status: 0 when every request could finish; 1 when some were cut off, or when no worker could start.
 * @throws StartError when the debug server cannot start.
 */
export async function serveWithWorkers(options: PrimaryOptions): Promise<number> {
  const { reloading, process } = options;
  const { loaded, logger } = reloading;
  const { config, file } = loaded;
  const { writeOutput, writeError } = process;
  const count = config.http.workers;
  const workers = new WorkerProcesses({ count, file, logger, writeOutput, writeError });
  const debug = await startPrimaryDebugServer(config, workers, logger);
  try {
    return await follow(workers, options);
  } finally {
    await debug?.close();
  }
}

/** Until a signal comes, or nothing can be done. */
async function follow(
  workers: WorkerProcesses,
  { reloading, process, onServing }: PrimaryOptions,
): Promise<number> {
  const { loaded, logger } = reloading;
  const { workers: count, draintimeout } = loaded.config.http;
  const asked = process.nextSignal();
  const started = workers.start();
  const early = await Promise.race([started, asked.then(() => 'stop' as const)]);
  if (early === undefined) {
    await workers.kill();
    return 1;
  }
  if (early !== 'stop') {
    onServing(early.url);
    const reload = async ({ config, file }: LoadedConfig) => {
      await workers.reload(file);
      logger.setLevel(config.log.level);
    };
    void reloadOnRequest({ reloadableKeys: early.reloadableKeys, reload }, reloading);
  }

  const why = await Promise.race([asked, workers.hopeless.then(() => undefined)]);
  if (why === undefined) {
    logger.error('no worker can be started: giving up');
    await workers.kill();
    return 1;
  }
  logger.info(
    `${why}: stopping ${count} workers, up to ${draintimeout / 1000}s; a second signal stops at once`,
  );
  const impatient = process.nextSignal().then(() => false);
  const isClean = await Promise.race([workers.stop(why), impatient]);
  if (isClean) return 0;
  await workers.kill();
  logger.warn('stopped before every request was finished');
  return 1;
}
