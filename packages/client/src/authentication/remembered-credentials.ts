import { LRUCache } from 'lru-cache';
import type { Credentials, Keychain } from '../credentials/credentials.ts';
import { SharedWork } from './shared-work.ts';

const MOST_REPOSITORIES = 1000;

interface Asked {
  /** `undefined` for what is asked of the registry as a whole. */
  readonly repository: string | undefined;
  /** The registry refused what is remembered. */
  readonly fresh?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asks a keychain once for each repository, and again when a registry refuses what it said. */
export class RememberedCredentials {
  readonly #keychain: Keychain;
  readonly #host: string;
  readonly #known = new LRUCache<string, { readonly credentials: Credentials | undefined }>({
    max: MOST_REPOSITORIES,
  });
  readonly #questions = new SharedWork<Credentials | undefined>();

  constructor(keychain: Keychain, host: string) {
    this.#keychain = keychain;
    this.#host = host;
  }

  async credentials({
    repository,
    fresh = false,
    signal,
  }: Asked): Promise<Credentials | undefined> {
    const key = repository ?? '';
    const known = this.#known.get(key);
    if (known !== undefined && !fresh) return known.credentials;
    const ask = async (end: AbortSignal) => {
      const credentials = await this.#keychain.credentials(this.#host, {
        repository,
        fresh,
        signal: end,
      });
      this.#known.set(key, { credentials });
      return credentials;
    };
    return this.#questions.run(`${fresh} ${key}`, ask, signal);
  }
}
