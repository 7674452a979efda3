import { drainOnSignal } from '../commands/drain-on-signal.ts';
import { reloadableLevel } from '../commands/reload-on-request.ts';
import { createServeLogger } from '../commands/serve-logger.ts';
import type { CommandProcess } from '../commands/serve.ts';
import type { ConfigFile } from '../config/config-file.ts';
import { loadConfigFile } from '../config/load.ts';
import { findInheritedSocket } from '../create/http/inherited-socket.ts';
import { listen } from '../create/http/listen.ts';
import { createServer } from '../create/server.ts';
import { createTracing } from '../create/tracing.ts';
import { joinPrimary } from './join-primary.ts';
import type { HandedConfiguration, WorkerServing } from './worker-process.ts';
import type { WorkerPlace } from './worker-place.ts';

/**
 * Serves as one of several processes, until the primary, or a signal of its own, ends it. What it is configured by, it has
 * from the primary: the file may have changed since.
 *
 * @returns The exit status, as `serve` does.
 * @throws StartError.
 */
export async function serveAsWorker(place: WorkerPlace, process: CommandProcess): Promise<number> {
  const { environment } = process;
  // It may reach every process of a group. This one waits for the primary to say what has changed.
  process.reloadRequests?.();
  const membership = joinPrimary(place);
  const { primary } = membership;
  const ready = Promise.withResolvers<void>();
  const configOf = (file: ConfigFile | undefined) => loadConfigFile(file, environment).config;
  primary.handle('reload', async (file) => {
    await ready.promise;
    return reasonOf(server.reload(configOf(file as ConfigFile | undefined)));
  });
  const handed = (await primary.call('configuration')) as HandedConfiguration;
  const { started, reloaded, secret } = handed;
  const config = configOf(started);
  const logger = createServeLogger(config, process, place);
  const writeAccess = config.log.accesslog.disabled ? undefined : process.writeOutput;
  const reloadable = [reloadableLevel(logger)];
  const tracing = await createTracing(environment, logger);
  const observers = { logger, writeAccess, tracing };
  const server = await createServer(config, observers, { membership, reloadable, secret });
  if (reloaded !== undefined) await server.reload(configOf(reloaded));
  ready.resolve();
  const { metrics, reloadableKeys } = server;
  if (metrics !== undefined) primary.handle('metrics', () => metrics());
  primary.handle('health', () => server.health());
  // What a descriptor or a socket file is, the primary knows: it is who listens.
  const inherited = findInheritedSocket(environment, membership.primaryPid);
  const url = await listen(server.http, inherited ?? config.http.listen, { isShared: true });
  primary.tell('serving', { url, reloadableKeys } satisfies WorkerServing);

  // A terminal and systemd signal every process, and the primary tells this one as well. It is who ends all at once.
  const stop = Promise.race([membership.stopped, process.nextSignal()]);
  const signals = [stop, new Promise<never>(() => {})];
  const nextSignal = () => signals.shift()!;
  return drainOnSignal(server, { config, logger, process: { nextSignal } });
}

/** Why something failed; `undefined` when it did not. */
function reasonOf(action: Promise<void>): Promise<string | undefined> {
  return action.then(
    () => undefined,
    (error: Error) => error.message,
  );
}
