import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { CONFIGURATION_PATH_VARIABLE, type Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { findHandleShortage } from '../create/file-handles.ts';
import { findInheritedSocket } from '../create/http/inherited-socket.ts';
import { clearAddress, listen } from '../create/http/listen.ts';
import { prepareRootDirectory } from '../create/storage/root-directory.ts';
import { createTracing } from '../create/tracing.ts';
import { createServer } from '../create/server.ts';
import { ServiceManager } from '../create/service-manager.ts';
import { packageVersion } from '../package-version.ts';
import type { LinesWriter } from '../show/lines-writer.ts';
import { workerPlaceIn } from '../workers/worker-place.ts';
import { drainOnSignal } from './drain-on-signal.ts';
import { reloadableLevel, reloadOnRequest } from './reload-on-request.ts';
import { createServeLogger } from './serve-logger.ts';

/** A person at a terminal. */
export interface CommandTerminal {
  /** Where bars are drawn and questions asked. */
  readonly stream: NodeJS.WritableStream;
  ask(question: string): Promise<string>;
  /** The answer is not shown. */
  askSecret(question: string): Promise<string>;
}

/** What a command has of its process. */
export interface CommandProcess {
  readonly pid: number;
  readonly environment: Environment;
  readonly writeOutput: LinesWriter;
  readonly writeError: LinesWriter;
  /** Writes content as it is; at a terminal, as lines. */
  readonly writeContent: (content: Uint8Array) => void;
  /** Who sits in front of it; `undefined` when nobody does, as in a pipe or a service. */
  readonly terminal?: CommandTerminal | undefined;
  /** What is piped into it. Default: nothing. */
  readonly input?: AsyncIterable<Uint8Array> | undefined;
  /** The next request to stop: `SIGTERM`. */
  nextSignal(): Promise<string>;
  /** Each request to read the configuration again, from the call on. Without a call such a request ends the process. */
  reloadRequests?(): AsyncIterable<unknown>;
}

/**
 * Serves until a signal comes: `purser serve [config.yml]`.
 *
 * @returns The exit status: 0 when every request could finish, 1 when some were cut off.
 * @throws ConfigurationError, StartError.
 */
export async function serve(path: string | undefined, process: CommandProcess): Promise<number> {
  const { environment } = process;
  const place = workerPlaceIn(environment);
  if (place !== undefined) {
    const { serveAsWorker } = await import('../workers/serve-as-worker.ts');
    return serveAsWorker(place, process);
  }
  const configPath = path ?? (environment[CONFIGURATION_PATH_VARIABLE] || undefined);
  const requests = process.reloadRequests?.() ?? [];
  const load = () => loadConfig({ path: configPath, environment });
  const loaded = await load();
  const { config, warnings } = loaded;
  const logger = createServeLogger(config, process);
  await using manager = new ServiceManager({ environment, pid: process.pid, logger });
  const reloading = { requests: manager.tellingOfReloads(requests), loaded, load, logger };
  const supervised = manager.tellingOfTheEnd(process);
  const shortage = await findHandleShortage(config.http.limits);
  for (const warning of [...warnings, ...shortage]) logger.warn(warning);

  await prepareRootDirectory(config.storage);
  const address = findInheritedSocket(environment, process.pid) ?? config.http.listen;
  const onServing = (url: string) => {
    const by = config.http.workers > 1 ? ` with ${config.http.workers} workers` : '';
    logger.info(`listening on ${url}${by}${config.http.tls === undefined ? '' : ', tls'}`);
    manager.ready();
    if (configPath === undefined) welcome(config, url, process.writeOutput);
  };
  if (config.http.workers > 1) {
    await clearAddress(address);
    // Most servers are one process, and need not load what forks others.
    const { serveWithWorkers } = await import('../workers/serve-with-workers.ts');
    return await serveWithWorkers({ reloading, process: supervised, onServing });
  }
  const writeAccess = config.log.accesslog.disabled ? undefined : process.writeOutput;
  const reloadable = [reloadableLevel(logger)];
  const tracing = await createTracing(environment, logger);
  const server = await createServer(config, { logger, writeAccess, tracing }, { reloadable });
  const { reloadableKeys } = server;
  const reload = (changed: LoadedConfig) => server.reload(changed.config);
  void reloadOnRequest({ reloadableKeys, reload }, reloading);
  onServing(await listen(server.http, address));
  return await drainOnSignal(server, { config, logger, process: supervised });
}

/** Two lines that a newcomer needs; a client cannot push to a socket file, so that one is enough there. */
function welcome(
  { storage: { driver }, http: { tls } }: Config,
  url: string,
  write: LinesWriter,
): void {
  const place = driver.name === 'filesystem' ? driver.rootdirectory : 'memory';
  const image = `${url.replace(/^https?:\/\//, '')}/<name>`;
  write(`Purser ${packageVersion()} serves ${url} from ${place} (Ctrl-C stops)\n`);
  if (!url.startsWith('http')) return;
  write(
    `First image: podman push ${tls === undefined ? '--tls-verify=false ' : ''}<image> ${image}` +
      `, or docker tag <image> ${image} && docker push ${image}\n`,
  );
}
