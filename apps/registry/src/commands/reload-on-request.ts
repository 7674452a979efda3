import type { Reloadable } from '../create/reloadable.ts';
import type { AdjustableLogger } from '../observe/logger.ts';
import {
  ConfigurationReload,
  type ConfigurationReloadOptions,
  type ReloadableServer,
} from './configuration-reload.ts';

/** How a process comes by a changed configuration. */
export interface Reloading extends ConfigurationReloadOptions {
  readonly logger: AdjustableLogger;
  /** Each is a request to read it again. */
  readonly requests: AsyncIterable<unknown> | Iterable<unknown>;
}

/** Gives a server what changed in its configuration, each time that is asked for. It does not end before the process. */
export async function reloadOnRequest(
  server: ReloadableServer,
  reloading: Reloading,
): Promise<void> {
  const configuration = new ConfigurationReload(server, reloading);
  for await (const _ of reloading.requests) await configuration.reload();
}

/** How much is told can change while the process runs. */
export function reloadableLevel(logger: AdjustableLogger): Reloadable {
  return {
    keys: ['log.level', 'loglevel'],
    prepare: async ({ log }) => ({ takeEffect: () => logger.setLevel(log.level) }),
  };
}
