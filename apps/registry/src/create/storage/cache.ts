import { createMemoryCache } from '@purser/cache';
import type { BlobDescriptorCache } from '@purser/core';
import type { Config } from '../../config/schema.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Metrics } from '../../observe/metrics/metrics.ts';
import type { Membership } from '../../workers/join-primary.ts';

export interface CacheParts {
  readonly metrics?: Metrics | undefined;
  /** Of a process that serves together with others. */
  readonly membership?: Pick<Membership, 'shareCache'> | undefined;
}

export interface ServerCache {
  readonly cache: BlobDescriptorCache;
  close(): void;
}

/**
 * What the registry remembers descriptors in; `undefined` when it remembers none. A Redis need not be there yet.
 *
 * @throws StartError when the `redis` section cannot be used.
 */
export async function createCache(
  { storage: { cache: chosen }, redis }: Config,
  logger: Logger,
  { metrics, membership }: CacheParts = {},
): Promise<ServerCache | undefined> {
  if (chosen.isDeprecated) {
    logger.warn('storage.cache.layerinfo is deprecated: write storage.cache.blobdescriptor');
  }
  if (chosen.blobdescriptor === undefined) return undefined;
  const counted = metrics?.forCache();
  switch (chosen.blobdescriptor) {
    case 'inmemory': {
      const cache = createOwnCache(chosen.blobdescriptorsize, membership);
      return { cache: counted?.count(cache) ?? cache, close: () => {} };
    }
    case 'redis': {
      // Most servers have no Redis, and need not load what speaks to it.
      const { connectRedisCache } = await import('./redis-cache.ts');
      return connectRedisCache(redis, logger, counted);
    }
  }
}

function createOwnCache(
  maximumEntries: number,
  membership: CacheParts['membership'],
): BlobDescriptorCache {
  const cache = createMemoryCache({ maximumEntries });
  return membership?.shareCache(cache) ?? cache;
}
