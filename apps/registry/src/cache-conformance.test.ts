import { needPrograms, RedisServer } from '@purser/external-programs';
import { createMemoryCache, tolerateFailures } from '@purser/cache';
import { createRedisCache, type RedisCache } from '@purser/cache-redis';
import { createManifestDecoder, type BlobDescriptorCache } from '@purser/core';
import {
  describeBlobDescriptorCacheConformance,
  describeRegistryConformance,
} from '@purser/core/conformance';
import { sampleFormats } from '@purser/core/testing';
import { createRegistry } from '@purser/storage';
import { MemoryDriver } from '@purser/storage-driver';
import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';

const redis = needPrograms('redis-server');

describeRegistryConformance('with a cache in memory', {
  describe,
  it,
  createRegistry: async () => ({ registry: createCached(createMemoryCache()) }),
});

/** A busy machine may take longer than a server should wait: here a late answer is no failure. */
const PATIENT = { timeoutMs: 30_000 };

describe.skipIf(redis.isUnmet)(`with a redis-server${redis.note}`, () => {
  let server: RedisServer;
  let cache: RedisCache;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    await server.send('FLUSHALL');
    cache = createRedisCache({ deployment: { kind: 'single', address: server.address } });
    return () => cache.close();
  });

  describeBlobDescriptorCacheConformance('in Redis, failures tolerated', {
    describe,
    it,
    createCache: async () => ({ cache: tolerateFailures(cache, PATIENT) }),
  });

  describeRegistryConformance('with a cache in Redis', {
    describe,
    it,
    createRegistry: async () => ({ registry: createCached(tolerateFailures(cache, PATIENT)) }),
  });
});

function createCached(cache: BlobDescriptorCache) {
  return createRegistry({
    driver: new MemoryDriver(),
    decoder: createManifestDecoder(sampleFormats),
    cache,
    deletion: true,
  });
}
