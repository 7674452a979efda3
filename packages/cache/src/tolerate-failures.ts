import {
  digestOf,
  type BlobDescriptorCache,
  type BlobDescriptorService,
  type Descriptor,
  type Digest,
  type OperationOptions,
} from '@purser/core';
import { CacheHealth } from './cache-health.ts';
import type { CacheObserver } from './cache-observer.ts';
import { descriptorSummary } from './descriptor-summary.ts';

export interface TolerateFailuresOptions {
  /** How long an answer is waited for, in milliseconds, 1 or more. Default 100. */
  readonly timeoutMs?: number | undefined;
  /** After how many failures in a row the cache is set aside: 1 or more. Default 5. */
  readonly maximumFailures?: number | undefined;
  /** Time between two attempts to use a cache again, in milliseconds, 1 or more. Default 1000. */
  readonly retryMs?: number | undefined;
  /** How many clears that failed are kept, to be done later: 0 or more. Default 10,000. */
  readonly maximumOwed?: number | undefined;
  /** The longest time for which the cache keeps what was set, in milliseconds. Default 3,600,000: an hour. */
  readonly entryLifetimeMs?: number | undefined;
  readonly observer?: CacheObserver | undefined;
}

/** A cache that never fails and never keeps a caller waiting. */
export interface TolerantCache extends BlobDescriptorCache, Disposable {
  /** Stops probing a cache that was set aside: it is not used again. */
  [Symbol.dispose](): void;
}

const PROBE = digestOf(Buffer.from('no one stores this'));

/**
 * Keeps a registry working when its cache does not. A question that fails or takes too long is a miss; what cannot be
 * remembered is not. After several failures in a row the cache is set aside, and nothing waits for it any more.
 *
 * A clear that fails is done later, and before anything under its key is believed again. So is one for an entry whose
 * setting failed, for it may still arrive. When too many are owed, the cache is set aside until all that it held has
 * expired: `entryLifetimeMs` must not be less than what the cache itself is told.
 */
export function tolerateFailures(
  cache: BlobDescriptorCache,
  {
    timeoutMs = 100,
    maximumFailures = 5,
    retryMs = 1000,
    maximumOwed = 10_000,
    entryLifetimeMs = 3_600_000,
    observer = {},
  }: TolerateFailuresOptions = {},
): TolerantCache {
  const health = new CacheHealth({
    timeoutMs,
    maximumFailures,
    retryMs,
    maximumOwed,
    entryLifetimeMs,
    observer,
    probe: () => cache.global.stat(PROBE),
  });
  return {
    global: new TolerantService(cache.global, {
      health,
      prefix: 'global',
      onOutcome: (outcome) => observer.onLookup?.(outcome, 'global'),
    }),
    forRepository: (name, links) =>
      new TolerantService(cache.forRepository(name, links), {
        health,
        prefix: `${links} ${name}`,
        onOutcome: (outcome) => observer.onLookup?.(outcome, 'repository'),
      }),
    [Symbol.dispose]: () => health.end(),
  };
}

interface Scope {
  readonly health: CacheHealth;
  readonly prefix: string;
  readonly onOutcome: (outcome: 'hit' | 'miss') => void;
}

class TolerantService implements BlobDescriptorService {
  readonly #inner: BlobDescriptorService;
  readonly #scope: Scope;

  constructor(inner: BlobDescriptorService, scope: Scope) {
    this.#inner = inner;
    this.#scope = scope;
  }

  async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    options?.signal?.throwIfAborted();
    const found = await this.#ask(digest);
    this.#scope.onOutcome(found === undefined ? 'miss' : 'hit');
    return found;
  }

  async set(digest: Digest, descriptor: Descriptor, options?: OperationOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    const summary = descriptorSummary(descriptor);
    const { health } = this.#scope;
    const key = this.#key(digest);
    if (!health.mayAsk(key)) return;
    const done = await health.attempt(() => this.#inner.set(digest, summary));
    if (done === undefined) health.owe(key, () => this.#inner.clear(digest));
  }

  async clear(digest: Digest, options?: OperationOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    const { health } = this.#scope;
    const key = this.#key(digest);
    const clear = () => this.#inner.clear(digest);
    const done = health.mayAsk(key) ? await health.attempt(clear) : undefined;
    if (done === undefined) health.owe(key, clear);
  }

  async #ask(digest: Digest): Promise<Descriptor | undefined> {
    const { health } = this.#scope;
    const key = this.#key(digest);
    if (!health.mayAsk(key)) return undefined;
    const answer = await health.attempt(() => this.#inner.stat(digest));
    // A clear may have failed while the answer was on its way.
    return health.mayAsk(key) ? answer?.value : undefined;
  }

  #key(digest: Digest): string {
    return `${this.#scope.prefix} ${digest}`;
  }
}
