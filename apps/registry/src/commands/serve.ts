import { randomUUID } from 'node:crypto';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { CONFIGURATION_PATH_VARIABLE, type Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { findInheritedSocket } from '../create/inherited-socket.ts';
import { listen } from '../create/listen.ts';
import { prepareRootDirectory } from '../create/root-directory.ts';
import { createServer, type RegistryServer } from '../create/server.ts';
import { createLogger, type LineSink, type Logger } from '../observe/logger.ts';
import { packageVersion } from '../package-version.ts';

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
  readonly writeOutput: LineSink;
  readonly writeError: LineSink;
  /** Who sits in front of it; `undefined` when nobody does, as in a pipe or a service. */
  readonly terminal?: CommandTerminal | undefined;
  /** What is piped into it. Default: nothing. */
  readonly input?: AsyncIterable<Uint8Array> | undefined;
  /** The next request to stop: `SIGTERM`. */
  nextSignal(): Promise<string>;
}

/**
 * Serves until a signal comes: `purser serve [config.yml]`.
 *
 * @returns The exit status: 0 when every request could finish, 1 when some were cut off.
 * @throws ConfigurationError, StartError.
 */
export async function serve(path: string | undefined, process: CommandProcess): Promise<number> {
  const { environment } = process;
  const configPath = path ?? (environment[CONFIGURATION_PATH_VARIABLE] || undefined);
  const { config, warnings } = await loadConfig({ path: configPath, environment });
  const logger = createServeLogger(config, process);
  for (const warning of warnings) logger.warn(warning);

  await prepareRootDirectory(config.storage);
  const server = await createServer(config, {
    logger,
    writeAccess: config.log.accesslog.disabled ? undefined : process.writeOutput,
  });
  const inherited = findInheritedSocket(environment, process.pid);
  const url = await listen(server.http, inherited ?? config.http.listen);
  logger.info(`listening on ${url}`);
  if (configPath === undefined) welcome(config, url, process.writeOutput);

  return stopOnSignal(server, { config, logger, process });
}

function createServeLogger({ log }: LoadedConfig['config'], process: CommandProcess): Logger {
  const fields = { 'instance.id': randomUUID(), version: packageVersion(), ...log.fields };
  return createLogger({ ...log, fields }, { write: process.writeError });
}

/** Two lines that a newcomer needs; a client cannot push to a socket file, so that one is enough there. */
function welcome({ storage: { driver } }: Config, url: string, write: LineSink): void {
  const place = driver.name === 'filesystem' ? driver.rootdirectory : 'memory';
  const image = `${url.replace(/^https?:\/\//, '')}/<name>`;
  write(`Purser ${packageVersion()} serves ${url} from ${place} (Ctrl-C stops)\n`);
  if (!url.startsWith('http')) return;
  write(
    `First image: podman push --tls-verify=false <image> ${image}` +
      `, or docker tag <image> ${image} && docker push ${image}\n`,
  );
}

interface Stopping {
  readonly config: Config;
  readonly logger: Logger;
  readonly process: CommandProcess;
}

async function stopOnSignal(
  server: RegistryServer,
  { config, logger, process }: Stopping,
): Promise<number> {
  const signal = await process.nextSignal();
  const { draintimeout } = config.http;
  const { running } = server.connections;
  logger.info(
    `${signal}: stopping, up to ${draintimeout / 1000}s for ${running} running requests; a second signal stops at once`,
  );
  const drained = server.close(draintimeout);
  const impatient = process.nextSignal().then(() => false);
  const isClean = await Promise.race([drained, impatient]);
  if (!isClean) logger.warn('stopped before every request was finished');
  return isClean ? 0 : 1;
}
