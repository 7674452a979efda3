import type { BlobDescriptorCache, BlobDescriptorService, Descriptor } from '@purser/core';
import { LRUCache } from 'lru-cache';
import type { CacheObserver } from './cache-observer.ts';
import { descriptorSummary } from './descriptor-summary.ts';

export interface MemoryCacheOptions {
  /**
   * The most descriptors kept, of all repositories together: an integer from 1 to 1,000,000. Default 10,000, as in
   * distribution. One takes about 500 bytes; a table of 40 bytes for each is made at once.
   */
  readonly maximumEntries?: number | undefined;
  /**
   * How long one is believed, in milliseconds: an integer, 1 or more. Default 60,000. Another process that deletes does not tell this one.
   */
  readonly maximumAgeMs?: number | undefined;
  /** Told of hits and misses. */
  readonly observer?: Pick<CacheObserver, 'onLookup'> | undefined;
}

const HIGHEST_MAXIMUM = 1_000_000;

/**
 * A cache of this process alone, which forgets what was used least recently.
 *
 * @throws TypeError when a limit is out of its bounds.
 */
export function createMemoryCache({
  maximumEntries = 10_000,
  maximumAgeMs = 60_000,
  observer,
}: MemoryCacheOptions = {}): BlobDescriptorCache {
  checkBounds('maximumEntries', maximumEntries, HIGHEST_MAXIMUM);
  checkBounds('maximumAgeMs', maximumAgeMs, Number.MAX_SAFE_INTEGER);
  const entries = new LRUCache<string, Descriptor>({
    max: maximumEntries,
    ttl: maximumAgeMs,
    perf: { now: () => performance.now() },
  });
  const looked = observer?.onLookup?.bind(observer);
  return {
    global: createService(entries, {
      prefix: 'global',
      onOutcome: (outcome) => looked?.(outcome, 'global'),
    }),
    forRepository: (name, links) =>
      createService(entries, {
        prefix: `${links} ${name}`,
        onOutcome: (outcome) => looked?.(outcome, 'repository'),
      }),
  };
}

interface Scope {
  /** What its keys begin with. Neither a name nor a digest contains a space, so that no two scopes share a key. */
  readonly prefix: string;
  readonly onOutcome: (outcome: 'hit' | 'miss') => void;
}

function createService(
  entries: LRUCache<string, Descriptor>,
  { prefix, onOutcome }: Scope,
): BlobDescriptorService {
  return {
    async stat(digest, options) {
      options?.signal?.throwIfAborted();
      const found = entries.get(`${prefix} ${digest}`);
      onOutcome(found === undefined ? 'miss' : 'hit');
      return found;
    },
    async set(digest, descriptor, options) {
      options?.signal?.throwIfAborted();
      entries.set(`${prefix} ${digest}`, descriptorSummary(descriptor));
    },
    async clear(digest, options) {
      options?.signal?.throwIfAborted();
      entries.delete(`${prefix} ${digest}`);
    },
  };
}

function checkBounds(option: string, value: number, highest: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= highest) return;
  throw new TypeError(`${option} must be an integer from 1 to ${highest}, not ${value}`);
}
