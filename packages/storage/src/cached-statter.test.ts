import {
  digestOf,
  parseRepositoryName,
  RegistryError,
  type BlobDescriptorCache,
  type BlobDescriptorService,
  type Descriptor,
  type Digest,
  type RepositoryName,
} from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { MemoryDriver } from '@purser/storage-driver';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { decoder, pushBlob, pushImage } from './fixtures/images.ts';
import { observeCalls } from './fixtures/recording-driver.ts';

function mapCache(): BlobDescriptorCache {
  const services = new Map<string, BlobDescriptorService>();
  return {
    forRepository(name, links) {
      const key = `${links} ${name}`;
      const service = services.get(key) ?? mapService();
      services.set(key, service);
      return service;
    },
  };
}

function mapService(): BlobDescriptorService {
  const descriptors = new Map<Digest, Descriptor>();
  return {
    stat: async (digest) => descriptors.get(digest),
    set: async (digest, descriptor) => void descriptors.set(digest, descriptor),
    clear: async (digest) => void descriptors.delete(digest),
  };
}

const content = sampleBytes(100);
const digest = digestOf(content);

describe('a cache of descriptors', () => {
  it('saves asking storage for what was pushed or asked before', async () => {
    const calls: string[] = [];
    const driver = observeCalls(new MemoryDriver(), (method) => void calls.push(method));
    const registry = createRegistry({ driver, decoder, cache: mapCache() });
    const repository = registry.repository(parseRepositoryName('a'));
    await pushBlob(repository, content);
    calls.length = 0;
    expect(await repository.blobs.stat(digest)).toMatchObject({ size: 100 });
    expect(calls).toEqual([]);
  });

  it('does not make a manifest a blob of its repository', async () => {
    const registry = createRegistry({ driver: new MemoryDriver(), decoder, cache: mapCache() });
    const repository = registry.repository(parseRepositoryName('a'));
    const manifest = await pushImage(repository);
    expect(await repository.blobs.stat(manifest)).toBeUndefined();
  });

  it('grants nothing that a repository lost, whatever others do (CVE-2026-35172)', async () => {
    const names = ['a', 'b'].map((name) => parseRepositoryName(name));
    const step = fc.record({
      name: fc.constantFrom(...names),
      action: fc.constantFrom('push', 'mount', 'stat', 'delete'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const registry = createRegistry({
          driver: new MemoryDriver(),
          decoder,
          cache: mapCache(),
          deletion: true,
        });
        const holding = new Set<RepositoryName>();
        for (const { name, action } of steps) {
          const { blobs } = registry.repository(name);
          const from = names.find((other) => other !== name)!;
          if (action === 'push') await pushBlob(registry.repository(name), content);
          if (action === 'mount') await blobs.mount(digest, { from });
          if (action === 'delete') await blobs.delete(digest).catch(ignoreUnknown);
          const gains = action === 'push' || (action === 'mount' && holding.has(from));
          if (gains) holding.add(name);
          if (action === 'delete') holding.delete(name);
          for (const each of names) {
            const found = await registry.repository(each).blobs.stat(digest);
            expect(found !== undefined).toBe(holding.has(each));
          }
        }
      }),
    );
  });
});

function ignoreUnknown(error: unknown): void {
  if (!RegistryError.is(error, 'BLOB_UNKNOWN')) throw error;
}
