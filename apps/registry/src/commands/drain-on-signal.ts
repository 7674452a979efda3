import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import type { RegistryServer } from '../create/server.ts';
import type { Logger } from '../observe/logger.ts';
import type { CommandProcess } from './serve.ts';

export interface Serving {
  readonly config: Config;
  readonly logger: Logger;
  readonly process: Pick<CommandProcess, 'nextSignal'>;
}

/**
 * Waits for a signal, and then for running requests. After SIGTERM, which deployments send, the server accepts for a
 * while and says that it is not ready, so that balancers send no more when it closes. SIGINT is from a person.
 *
 * @returns The exit status: 0 when every request could finish, 1 when some were cut off.
 */
export async function drainOnSignal(
  server: RegistryServer,
  { config, logger, process }: Serving,
): Promise<number> {
  const signal = await process.nextSignal();
  const { draintimeout, draindelay } = config.http;
  // A part of the time is for requests.
  const delayMs = signal === 'SIGTERM' ? Math.min(draindelay, draintimeout / 2) : 0;
  const { running } = server.connections;
  logger.info(
    `${signal}: stopping, up to ${draintimeout / 1000}s for ${running} running requests; a second signal stops at once`,
  );
  server.retire();
  const drained = wait(delayMs).then(() => server.close(draintimeout - delayMs));
  const impatient = process.nextSignal().then(() => false);
  const isClean = await Promise.race([drained, impatient]);
  if (!isClean) logger.warn('stopped before every request was finished');
  return isClean ? 0 : 1;
}
