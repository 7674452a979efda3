import { isDeepStrictEqual } from 'node:util';
import type { AccessController } from '@purser/core';
import type { Config } from '../../config/schema.ts';
import type { Logger } from '../../observe/logger.ts';
import { configureAccess, type ConfiguredAccess } from './configured-access.ts';
import type { Prepared, Reloadable } from '../reloadable.ts';
import { StartError } from '../start-error.ts';

/** Who may do what on a server, whose configuration may change while it runs. */
export interface ServerAccess {
  /** Nobody is asked when absent. */
  readonly controller?: AccessController | undefined;
  /** Nothing when nobody is asked: to begin with it takes a restart. */
  readonly reloadable: readonly Reloadable[];
  /** Whether the password file can be read, if there is one. */
  isUpToDate(): Promise<boolean | undefined>;
  close(): void;
}

/** Access that is controlled from elsewhere, or not at all. */
export function without(controller?: AccessController): ServerAccess {
  return { controller, reloadable: [], isUpToDate: async () => undefined, close: () => {} };
}

/** @throws StartError when a file that the section names cannot be used. */
export async function createAccess(config: Config['auth'], logger: Logger): Promise<ServerAccess> {
  if (config.kind === 'none') return without();
  const access = new ChangingAccess(config, await configureAccess(config, logger), logger);
  return {
    controller: access,
    reloadable: [access],
    isUpToDate: () => access.isUpToDate(),
    close: () => access.close(),
  };
}

class ChangingAccess implements AccessController, Reloadable {
  readonly keys = ['auth'];
  readonly #logger: Logger;
  #config: Config['auth'];
  #current: ConfiguredAccess;

  constructor(config: Config['auth'], current: ConfiguredAccess, logger: Logger) {
    this.#config = config;
    this.#current = current;
    this.#logger = logger;
  }

  identify(...request: Parameters<AccessController['identify']>) {
    return this.#current.controller.identify(...request);
  }

  async prepare({ auth }: Config): Promise<Prepared> {
    // Keys that were fetched go on counting while their server cannot be reached.
    if (isDeepStrictEqual(auth, this.#config)) return this.#current.reload();
    if (auth.kind === 'none') {
      // A file of which the end is missing would open the registry to everyone.
      throw new StartError('auth: to let everyone in takes a restart');
    }
    const changed = await configureAccess(auth, this.#logger);
    return {
      takeEffect: () => {
        this.#current.close();
        this.#current = changed;
        this.#config = auth;
      },
      discard: () => changed.close(),
    };
  }

  async isUpToDate(): Promise<boolean | undefined> {
    return this.#current.isUpToDate?.();
  }

  close(): void {
    this.#current.close();
  }
}
