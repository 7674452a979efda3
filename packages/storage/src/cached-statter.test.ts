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
import { forwardCalls, MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { chunksOf, decoder, pushBlob, pushImage } from './fixtures/images.ts';
import { observeCalls, type CallObserver } from './fixtures/recording-driver.ts';
import { blobDataPath, layerLinkPath } from './paths.ts';

function mapCache(): BlobDescriptorCache {
  const services = new Map<string, BlobDescriptorService>();
  return {
    global: mapService(),
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
const alias = digestOf(content, 'sha512');
const name = parseRepositoryName('a');

/** A registry whose calls to storage are written down, with its cache. */
function underTest({
  driver = new MemoryDriver() as StorageDriver,
  before = (() => {}) as CallObserver,
} = {}) {
  const calls: string[] = [];
  const cache = mapCache();
  const registry = createRegistry({
    driver: observeCalls(driver, (method, path) => {
      calls.push(method);
      before(method, path);
    }),
    decoder,
    cache,
    deletion: true,
  });
  const repository = registry.repository(name);
  const remembered = cache.forRepository(name, 'blobs');
  return { calls, cache, driver, registry, repository, blobs: repository.blobs, remembered };
}

async function pushAs(named: Digest, { blobs }: ReturnType<typeof underTest>): Promise<void> {
  const writer = await blobs.create();
  await writer.append(chunksOf(content));
  await writer.commit(named);
}

describe('a cache of descriptors', () => {
  it('saves reading the link of a blob that is opened', async () => {
    const { calls, blobs, repository } = underTest();
    await pushBlob(repository, content);
    await blobs.stat(digest);
    calls.length = 0;
    (await blobs.open(digest)).destroy();
    expect(calls).toEqual(['stat', 'openReader']);
  });

  it('saves asking for the size of a blob of which a part is opened', async () => {
    const { calls, blobs, repository } = underTest();
    await pushBlob(repository, content);
    await blobs.stat(digest);
    calls.length = 0;
    (await blobs.open(digest, { range: { start: 0, end: 99 } })).destroy();
    expect(calls).toEqual(['openReader']);
  });

  it('saves looking up what content another digest names', async () => {
    const test = underTest();
    await pushAs(alias, test);
    await test.blobs.stat(alias);
    test.calls.length = 0;
    (await test.blobs.open(alias)).destroy();
    expect(test.calls).toEqual(['stat', 'openReader']);
  });

  it('looks at the link and the content together, and not one after the other', async () => {
    const driver = new MemoryDriver();
    const { calls, blobs, repository } = underTest({
      driver: {
        ...forwardCalls(driver),
        getContent: (...call) => delayed(driver.getContent(...call)),
      },
    });
    await pushBlob(repository, content);
    await blobs.stat(digest);
    calls.length = 0;
    const answer = blobs.stat(digest);
    await new Promise(setImmediate);
    expect(calls).toEqual(['getContent', 'stat']);
    expect(await answer).toMatchObject({ size: 100 });
  });

  it('does not answer where a push would rely on it', async () => {
    const { driver, blobs, repository, remembered } = underTest();
    await pushBlob(repository, content);
    await blobs.stat(digest);
    await driver.delete(layerLinkPath(name, digest));
    expect(await blobs.stat(digest)).toBeUndefined();
    expect(await remembered.stat(digest)).toBeUndefined();
  });

  it('forgets a blob whose content is gone, when it is opened', async () => {
    const { driver, cache, blobs, repository, remembered } = underTest();
    await pushBlob(repository, content);
    await blobs.stat(digest);
    await driver.delete(blobDataPath(digest));
    await expect(blobs.open(digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    expect(await remembered.stat(digest)).toBeUndefined();
    expect(await cache.global.stat(digest)).toBeUndefined();
  });

  it('reads the link when what is remembered names content that is not there', async () => {
    const test = underTest();
    await pushAs(alias, test);
    const wrong = digestOf(Buffer.from('wrong'));
    await test.remembered.set(alias, { ...(await test.blobs.stat(alias))!, digest: wrong });
    (await test.blobs.open(alias)).destroy();
    expect(await test.remembered.stat(alias)).toBeUndefined();
  });

  it('does not believe that a sha256 names content of another', async () => {
    const { blobs, repository, remembered } = underTest();
    const other = sampleBytes(50, 2);
    await pushBlob(repository, content);
    await pushBlob(repository, other);
    await remembered.set(digest, (await blobs.stat(digestOf(other)))!);
    const chunks = await (await blobs.open(digest)).toArray();
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(content));
  });

  it('refuses no range because of a size that it remembers', async () => {
    const { blobs, repository, remembered } = underTest();
    await pushBlob(repository, content);
    await remembered.set(digest, { ...(await blobs.stat(digest))!, size: 10 });
    (await blobs.open(digest, { range: { start: 50, end: 99 } })).destroy();
    const beyond = blobs.open(digest, { range: { start: 50, end: 100 } });
    await expect(beyond).rejects.toMatchObject({ code: 'RANGE_UNSATISFIABLE' });
  });

  it('remembers nothing that it could not check', async () => {
    const reads = { failing: false };
    const { blobs, repository, remembered, cache } = underTest({
      before: (method) => {
        if (reads.failing && method === 'getContent') throw new Error('storage is away');
      },
    });
    await pushBlob(repository, content);
    cache.global.set = async () => {
      reads.failing = true;
    };
    expect(await blobs.stat(digest)).toMatchObject({ size: 100 });
    expect(await remembered.stat(digest)).toBeUndefined();
  });

  it('forgets also when the deletion failed, for it may have happened', async () => {
    const driver = new MemoryDriver();
    const { blobs, repository, remembered } = underTest({
      driver: {
        ...forwardCalls(driver),
        async delete(path) {
          await driver.delete(path);
          await blobs.stat(digest);
          await remembered.set(digest, { mediaType: 'a/b', digest, size: 100 });
          throw new Error('the answer got lost');
        },
      },
    });
    await pushBlob(repository, content).catch(() => {});
    await blobs.stat(digest);
    await expect(blobs.delete(digest)).rejects.toThrow('the answer got lost');
    expect(await remembered.stat(digest)).toBeUndefined();
  });

  it('lets a deletion fail when it cannot forget', async () => {
    const { blobs, repository, remembered } = underTest();
    await pushBlob(repository, content);
    remembered.clear = () => Promise.reject(new Error('the cache is away'));
    await expect(blobs.delete(digest)).rejects.toThrow('the cache is away');
    expect(await blobs.stat(digest)).toBeDefined();
  });

  it('does not make a manifest a blob of its repository', async () => {
    const { repository } = underTest();
    const manifest = await pushImage(repository);
    await repository.manifests.exists(manifest);
    expect(await repository.blobs.stat(manifest)).toBeUndefined();
    await expect(repository.blobs.open(manifest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
  });

  it('grants nothing that a repository lost, whatever others do (CVE-2026-35172)', async () => {
    const names = ['a', 'b'].map((each) => parseRepositoryName(each));
    const step = fc.record({
      name: fc.constantFrom(...names),
      action: fc.constantFrom('push', 'mount', 'delete'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { registry } = underTest();
        const holding = new Set<RepositoryName>();
        for (const { name: acting, action } of steps) {
          const { blobs } = registry.repository(acting);
          const from = names.find((other) => other !== acting)!;
          if (action === 'push') await pushBlob(registry.repository(acting), content);
          if (action === 'mount') await blobs.mount(digest, { from });
          if (action === 'delete') await blobs.delete(digest).catch(ignoreUnknown);
          const gains = action === 'push' || (action === 'mount' && holding.has(from));
          if (gains) holding.add(acting);
          if (action === 'delete') holding.delete(acting);
          for (const each of names) {
            const { blobs: seen } = registry.repository(each);
            expect(await isOpened(seen.open(digest))).toBe(holding.has(each));
            expect((await seen.stat(digest)) !== undefined).toBe(holding.has(each));
          }
        }
      }),
    );
  });
});

async function isOpened(
  opening: Promise<NodeJS.ReadableStream & { destroy(): unknown }>,
): Promise<boolean> {
  try {
    (await opening).destroy();
    return true;
  } catch (error) {
    ignoreUnknown(error);
    return false;
  }
}

function ignoreUnknown(error: unknown): void {
  if (!RegistryError.is(error, 'BLOB_UNKNOWN')) throw error;
}

async function delayed<T>(answer: Promise<T>): Promise<T> {
  const value = await answer;
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return value;
}
