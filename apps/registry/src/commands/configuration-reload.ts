import { changedKeys } from '../config/effective.ts';
import type { LoadedConfig } from '../config/load.ts';
import { ConfigurationError } from '../config/problems.ts';
import { configSchema } from '../config/schema.ts';
import { StartError } from '../create/start-error.ts';
import { describeError } from '../observe/describe-error.ts';
import type { Logger } from '../observe/logger.ts';

export interface ConfigurationReloadOptions {
  /** What the server was started with. */
  readonly loaded: LoadedConfig;
  /** Reads it again. */
  readonly load: () => Promise<LoadedConfig>;
  readonly logger: Logger;
}

/** A server that runs, in one process or in several. */
export interface ReloadableServer {
  /** What of the configuration can change while it runs; a section stands for all that is below it. */
  readonly reloadableKeys: readonly string[];
  /** @throws StartError naming what cannot be used; what counted before still does. */
  reload(loaded: LoadedConfig): Promise<void>;
}

/** Gives a running server what has changed in its configuration, and tells what of it has to wait for a restart. */
export class ConfigurationReload {
  readonly #server: ReloadableServer;
  readonly #options: ConfigurationReloadOptions;
  #inEffect: LoadedConfig;

  constructor(server: ReloadableServer, options: ConfigurationReloadOptions) {
    this.#server = server;
    this.#options = options;
    this.#inEffect = options.loaded;
  }

  /** Never fails: a configuration that cannot be used is told, and the one of before goes on counting. */
  async reload(): Promise<void> {
    try {
      const loaded = await this.#options.load();
      for (const warning of loaded.warnings) this.#options.logger.warn(warning);
      await this.#server.reload(loaded);
      this.#tellChanges(loaded);
      this.#inEffect = loaded;
    } catch (error) {
      this.#tellFailure(error);
    }
  }

  #tellChanges({ effective }: LoadedConfig): void {
    const { loaded, logger } = this.#options;
    const taken = changedKeys(this.#inEffect.effective, effective, configSchema).filter((key) =>
      this.#isReloadable(key),
    );
    const changed = taken.length === 0 ? 'no key changed' : `changed: ${taken.join(', ')}`;
    logger.info(`configuration reloaded, with the files that it names; ${changed}`);
    // Compared with what the server was started with: a change that waits is told each time.
    for (const key of changedKeys(loaded.effective, effective, configSchema)) {
      if (!this.#isReloadable(key)) logger.warn(`${key}: changed, and needs a restart`);
    }
  }

  #isReloadable(key: string): boolean {
    return this.#server.reloadableKeys.some(
      (reloadable) => key === reloadable || key.startsWith(`${reloadable}.`),
    );
  }

  #tellFailure(error: unknown): void {
    const { logger } = this.#options;
    const outcome = 'configuration not reloaded: the one of before goes on counting';
    if (error instanceof ConfigurationError) {
      for (const warning of error.warnings) logger.warn(warning);
      for (const problem of error.problems) logger.error(problem);
      logger.error(outcome);
    } else if (error instanceof StartError) {
      logger.error(error.message);
      logger.error(outcome);
    } else logger.error(outcome, describeError(error));
  }
}
