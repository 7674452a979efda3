import { drainOnSignal } from '../commands/drain-on-signal.ts';
import { reloadableLevel, reloadOnRequest, type Reloading } from '../commands/reload-on-request.ts';
import type { CommandProcess } from '../commands/serve.ts';
import type { Config } from '../config/schema.ts';
import { findInheritedSocket } from '../create/http/inherited-socket.ts';
import { listen } from '../create/http/listen.ts';
import { createServer } from '../create/server.ts';
import { createTracing } from '../create/tracing.ts';
import { joinPrimary } from './join-primary.ts';
import type { WorkerPlace } from './worker-place.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly reloading: Reloading;
  readonly process: CommandProcess;
}

/**
 * Serves as one of several processes, until the primary, or a signal of its own, ends it.
 *
 * @returns The exit status, as `serve` does.
 * @throws StartError.
 */
export async function serveAsWorker(
  place: WorkerPlace,
  { config, reloading, process }: WorkerOptions,
): Promise<number> {
  const { logger } = reloading;
  const membership = joinPrimary(place);
  const writeAccess = config.log.accesslog.disabled ? undefined : process.writeOutput;
  const reloadable = [reloadableLevel(logger)];
  const tracing = await createTracing(process.environment, logger);
  const observers = { logger, writeAccess, tracing };
  const server = await createServer(config, observers, { membership, reloadable });
  void reloadOnRequest(server, reloading);
  const { metrics } = server;
  if (metrics !== undefined) membership.primary.handle('metrics', () => metrics());
  membership.primary.handle('health', () => server.health());
  // What a descriptor or a socket file is, the primary knows: it is who listens.
  const inherited = findInheritedSocket(process.environment, membership.primaryPid);
  const address = inherited ?? config.http.listen;
  membership.primary.tell('serving', await listen(server.http, address, { isShared: true }));

  // A terminal and systemd signal every process, and the primary tells this one as well. It is who ends all at once.
  const stop = Promise.race([membership.stopped, process.nextSignal()]);
  const signals = [stop, new Promise<never>(() => {})];
  const nextSignal = () => signals.shift()!;
  return drainOnSignal(server, { config, logger, process: { nextSignal } });
}
