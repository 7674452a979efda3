import { needPrograms, RedisServer } from '@purser/external-programs';
import { createMemoryCache, tolerateFailures } from '@purser/cache';
import { createRedisCache } from '@purser/cache-redis';
import {
  createManifestDecoder,
  describeManifest,
  parseRepositoryName,
  type BlobDescriptorCache,
  type Repository,
} from '@purser/core';
import { describeBytes, sampleBytes, sampleFormats, sampleImage } from '@purser/core/testing';
import { createRegistry } from '@purser/storage';
import { MemoryDriver } from '@purser/storage-driver';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const redis = needPrograms('redis-server');
const name = parseRepositoryName('library/app');
const contents = [sampleBytes(100, 1), sampleBytes(5000, 2)] as const;
const blobs = contents.map((content) => describeBytes(content));
const manifest = sampleImage({ config: blobs[0]!, layers: [blobs[1]!] });
const { digest } = describeManifest(manifest);

/** The same repository as two processes see it, each with a cache of its own making, and what both keep it in. */
interface Shared {
  readonly driver: MemoryDriver;
  readonly first: Repository;
  readonly second: Repository;
}

function share(createCache: () => BlobDescriptorCache): Shared {
  const driver = new MemoryDriver();
  const open = () =>
    createRegistry({
      driver,
      decoder: createManifestDecoder(sampleFormats),
      cache: createCache(),
      deletion: true,
    }).repository(name);
  return { driver, first: open(), second: open() };
}

/** As a client does: what the registry says to have is not sent. */
async function push(repository: Repository): Promise<void> {
  for (const [index, content] of contents.entries()) {
    const held = await repository.blobs.stat(blobs[index]!.digest);
    if (held === undefined) await repository.blobs.put(content);
  }
  if (!(await repository.manifests.exists(digest))) await repository.manifests.put(manifest);
}

async function pull(repository: Repository): Promise<readonly Buffer[]> {
  const found = await repository.manifests.get(digest);
  const pulled: Buffer[] = [];
  for (const { descriptor } of found.references) {
    const size = (await repository.blobs.stat(descriptor.digest))?.size;
    const chunks = await (await repository.blobs.open(descriptor.digest)).toArray();
    const content = Buffer.concat(chunks as Buffer[]);
    expect(content.byteLength).toBe(size);
    pulled.push(content);
  }
  return pulled;
}

/** Pulls by each, twice: the second time from what was remembered the first. */
async function pullTwice(...repositories: readonly Repository[]): Promise<(readonly Buffer[])[]> {
  const pulled = [];
  for (const repository of repositories)
    pulled.push(await pull(repository), await pull(repository));
  return pulled;
}

const right = contents.map((content) => Buffer.from(content));
const allRight = [right, right, right, right];

async function remove({ manifests, blobs: store }: Repository): Promise<void> {
  await manifests.delete(digest);
  for (const blob of blobs) await store.delete(blob.digest);
}

/** What distribution's collectors take away, behind the back of every registry. */
async function collect(driver: MemoryDriver, { links }: { links: boolean }): Promise<void> {
  const root = '/docker/registry/v2';
  const repository = `${root}/repositories/${name}`;
  const gone = [`${root}/blobs`];
  if (links) gone.push(`${repository}/_layers`, `${repository}/_manifests/revisions`);
  for (const path of gone) {
    // What a registry emptied before is not there any more.
    if ((await driver.stat(path)) !== undefined) await driver.delete(path);
  }
}

function testStories(createCache: () => BlobDescriptorCache): void {
  const stories = [
    { deleted: true, links: false },
    { deleted: true, links: true },
    { deleted: false, links: false },
    { deleted: false, links: true },
  ];

  it.each(stories)('takes and gives again what was collected: %o', async ({ deleted, links }) => {
    const { driver, first, second } = share(createCache);
    await push(first);
    expect(await pullTwice(first, second)).toEqual(allRight);
    if (deleted) await remove(first);
    await collect(driver, { links });
    await push(second);
    expect(await pullTwice(second, first)).toEqual(allRight);
  });

  it.each(stories)('tells who is about to push what is gone: %o', async ({ deleted, links }) => {
    const { driver, first, second } = share(createCache);
    await push(first);
    expect(await pullTwice(first, second)).toEqual(allRight);
    if (deleted) await remove(first);
    await collect(driver, { links });
    for (const repository of [first, second]) {
      expect(await repository.manifests.exists(digest)).toBe(false);
      for (const blob of blobs) {
        expect(await repository.blobs.stat(blob.digest)).toBeUndefined();
        const opening = repository.blobs.open(blob.digest);
        await expect(opening).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
      }
      const putting = repository.manifests.put(manifest);
      await expect(putting).rejects.toMatchObject({ code: 'MANIFEST_BLOB_UNKNOWN' });
    }
  });

  it('mounts nothing that was collected', async () => {
    const { driver, first, second } = share(createCache);
    await push(first);
    expect(await pullTwice(first, second)).toEqual(allRight);
    await collect(driver, { links: false });
    expect(await second.blobs.mount(blobs[1]!.digest, { from: name })).toBeUndefined();
  });
}

describe('with a cache in memory in each process', () => {
  testStories(() => createMemoryCache());
});

describe.skipIf(redis.isUnmet)(`with a cache in Redis for all processes${redis.note}`, () => {
  let server: RedisServer;
  const opened: (() => void)[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    await server.send('FLUSHALL');
    return () => {
      for (const close of opened.splice(0)) close();
    };
  });

  function connect(): BlobDescriptorCache {
    const cache = createRedisCache({ deployment: { kind: 'single', address: server.address } });
    opened.push(() => cache.close());
    return tolerateFailures(cache);
  }

  testStories(connect);

  it('lets no process read a blob that another deleted', async () => {
    const { first, second } = share(connect);
    await push(first);
    expect(await pullTwice(first, second)).toEqual(allRight);
    await remove(first);
    for (const blob of blobs) {
      const opening = second.blobs.open(blob.digest);
      await expect(opening).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    }
  });
});
