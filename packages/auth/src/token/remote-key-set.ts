import { parseJwks, type KeysById, type TrustedKey } from './trusted-keys.ts';

export interface RemoteKeySetOptions {
  /** Where a JWK set is, over https, or over http on this machine. */
  readonly url: URL;
  /** How often it is fetched again, in milliseconds, 1 or more. Default: 600,000. */
  readonly refreshMs?: number | undefined;
  /** How long an unknown key waits for the next fetch at most, in milliseconds, 1 or more. Default: 30,000. */
  readonly cooldownMs?: number | undefined;
  /** How long a fetch may take, in milliseconds, 1 or more. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Told of a fetch that failed; the keys of the last one go on counting. It must not throw. Default: nobody. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Default: that of Node.js. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Milliseconds since any fixed moment. Default: those of the monotonic clock. */
  readonly now?: (() => number) | undefined;
}

const MOST_BYTES = 1024 * 1024;

/**
 * The keys of a token server that rotates them: fetched from time to time, and when a token names one that is not known,
 * though never sooner after the last fetch than the cooldown. Redirects are not followed.
 */
export class RemoteKeySet implements Disposable {
  readonly #options: RemoteKeySetOptions;
  readonly #now: () => number;
  #keys: KeysById = new Map();
  #fetching: Promise<void> | undefined;
  #lastFetch = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @throws TypeError when the URL is neither of https nor of this machine. */
  constructor(options: RemoteKeySetOptions) {
    if (!isTrustworthy(options.url)) {
      throw new TypeError('keys are fetched over https, or over http from this machine alone');
    }
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Fetches the keys now and then on; a failure goes to `onError`. */
  async start(): Promise<void> {
    this.#timer ??= setInterval(
      () => void this.refresh(),
      this.#options.refreshMs ?? 600_000,
    ).unref();
    await this.refresh();
  }

  /** Fetches the keys now; calls of one moment fetch together. */
  refresh(): Promise<void> {
    this.#fetching ??= this.#fetch()
      .catch((error: unknown) => this.#options.onError?.(error))
      .finally(() => {
        this.#fetching = undefined;
      });
    return this.#fetching;
  }

  /** The key of an id; for one that is not known, the set may be fetched first. */
  async find(id: string): Promise<TrustedKey | undefined> {
    const key = this.#keys.get(id);
    if (key !== undefined) return key;
    const isCool = this.#now() - this.#lastFetch >= (this.#options.cooldownMs ?? 30_000);
    if (this.#fetching === undefined && !isCool) return undefined;
    await this.refresh();
    return this.#keys.get(id);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #fetch(): Promise<void> {
    const { url, timeoutMs = 5000, fetch = globalThis.fetch } = this.#options;
    this.#lastFetch = this.#now();
    const response = await fetch(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) throw new Error(`the JWK set was answered with status ${response.status}`);
    this.#keys = parseJwks(JSON.parse(await textOf(response)));
  }
}

/** Whether keys from there are those of its server: nobody on the way can put others in their place. */
export function isTrustworthy({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return true;
  return protocol === 'http:' && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new Error(`the JWK set is larger than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
