/**
 * A blob descriptor cache in memory, and what keeps a failing cache harmless.
 *
 * ```ts
 * import { createMemoryCache } from '@purser/cache';
 *
 * const cache = createMemoryCache({ maximumEntries: 50_000 });
 * ```
 *
 * @packageDocumentation
 */
export type { CacheObserver, CacheState } from './cache-observer.ts';
export { createMemoryCache, type MemoryCacheOptions } from './memory-cache.ts';
export {
  tolerateFailures,
  type TolerantCache,
  type TolerateFailuresOptions,
} from './tolerate-failures.ts';
