import type { BlobDescriptorCache, BlobDescriptorService } from '@purser/core';
import { Counter, Histogram, type Registry } from 'prom-client';

export interface CacheMetrics {
  /** Counts questions and answers. */
  count(cache: BlobDescriptorCache): BlobDescriptorCache;
  /** Measures how long a cache takes that is asked over a network. */
  measure(cache: BlobDescriptorCache): BlobDescriptorCache;
  failed(): void;
}

type Wrap = <T>(operation: string, call: () => Promise<T>) => Promise<T>;

/** @see distribution, registry/storage/cache/cachedblobdescriptorstore.go, registry/storage/cache/redis. */
export function createCacheMetrics(registry: Registry): CacheMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'registry_storage_cache_requests_total',
    help: 'Descriptors that the cache was asked for.',
    registers,
  });
  const hits = new Counter({
    name: 'registry_storage_cache_hits_total',
    help: 'Descriptors that the cache remembered.',
    registers,
  });
  const errors = new Counter({
    name: 'registry_storage_cache_errors_total',
    help: 'Calls of the cache that failed or took too long.',
    registers,
  });
  const seconds = new Histogram({
    name: 'registry_storage_cache_redis_seconds',
    help: 'How long Redis took to answer the cache.',
    labelNames: ['operation'],
    registers,
  });

  return {
    failed: () => errors.inc(),
    count: (cache) =>
      wrapCache(cache, async (operation, call) => {
        if (!operation.endsWith('Stat')) return call();
        requests.inc();
        const found = await call();
        if (found !== undefined) hits.inc();
        return found;
      }),
    measure: (cache) =>
      wrapCache(cache, async (operation, call) => {
        const end = seconds.startTimer({ operation });
        try {
          return await call();
        } finally {
          end();
        }
      }),
  };
}

function wrapCache(cache: BlobDescriptorCache, wrap: Wrap): BlobDescriptorCache {
  return {
    global: wrapService(cache.global, '', wrap),
    forRepository: (name, links) => wrapService(cache.forRepository(name, links), 'Repo', wrap),
  };
}

/** The operations have distribution's names, `Clear` aside. */
function wrapService(
  service: BlobDescriptorService,
  scope: 'Repo' | '',
  wrap: Wrap,
): BlobDescriptorService {
  return {
    stat: (digest, options) => wrap(`${scope}Stat`, () => service.stat(digest, options)),
    set: (digest, descriptor, options) =>
      wrap(`${scope}SetDescriptor`, () => service.set(digest, descriptor, options)),
    clear: (digest, options) => wrap(`${scope}Clear`, () => service.clear(digest, options)),
  };
}
