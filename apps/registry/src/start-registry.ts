import type { AccessController, Registry } from '@purser/core';
import { createConfig } from './config/load.ts';
import type { ConfigInput } from './config/schema.ts';
import { listen } from './create/http/listen.ts';
import { prepareRootDirectory } from './create/storage/root-directory.ts';
import { createServer } from './create/server.ts';
import { StartError } from './create/start-error.ts';
import { createSilentLogger, type Logger } from './observe/logger.ts';

/** The keys of a configuration file, where to log, and what a program brings itself. */
export interface StartRegistryOptions extends ConfigInput {
  /** Nothing is logged when absent; the keys below `log` are then without effect. */
  readonly logger?: Logger | undefined;
  /** Tells who may do what, in place of what `auth` says. */
  readonly access?: AccessController | undefined;
}

/** A registry that is being served. */
export interface RunningRegistry extends AsyncDisposable {
  /** Where clients find it: `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Where the debug server is, when `http.debug.addr` asks for one. */
  readonly debugUrl: string | undefined;
  /** What is served: what is put here can be pulled, and the other way round. */
  readonly registry: Registry;
  /**
   * Stops: running requests may finish within `http.draintimeout`, here 0 unless set. A second call waits for the first.
   *
   * @returns Whether every request was finished.
   */
  close(): Promise<boolean>;
  /**
   * Reads users and keys of token servers again.
   *
   * @throws StartError naming what cannot be used.
   */
  reload(): Promise<void>;
}

/**
 * Serves a registry: in memory, on a free port of the loopback interface, unless the options say otherwise.
 *
 * @throws ConfigurationError when an option is wrong or unknown; StartError when the address or the root directory
 * cannot be used, or `http.workers` is not 1.
 */
export async function startRegistry({
  logger = createSilentLogger(),
  access,
  ...input
}: StartRegistryOptions = {}): Promise<RunningRegistry> {
  const config = createConfig(input);
  if (config.http.workers > 1) {
    throw new StartError('http.workers: a program serves with one process; purser serve has more');
  }
  await prepareRootDirectory(config.storage);
  const server = await createServer(config, { logger }, { access });
  const close = () => server.close(config.http.draintimeout);
  const url = await listen(server.http, config.http.listen).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    url,
    debugUrl: server.debugUrl,
    registry: server.registry,
    close,
    reload: () => server.reload(),
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}
