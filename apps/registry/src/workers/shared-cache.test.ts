import { buffer } from 'node:stream/consumers';
import { createMemoryCache } from '@purser/cache';
import {
  createManifestDecoder,
  digestOf,
  OCTET_STREAM,
  parseRepositoryName,
  type BlobDescriptorCache,
} from '@purser/core';
import { createRegistry } from '@purser/storage';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { channelPair } from '../fixtures/channel-pair.ts';
import { Peer } from './peer.ts';
import { shareCache } from './shared-cache.ts';

const digest = digestOf(Buffer.from('content'));
const descriptor = { mediaType: OCTET_STREAM, digest, size: 7 };
const name = parseRepositoryName('a');

/** A registry of each worker, on one store. */
function createRepositories(caches: readonly BlobDescriptorCache[]) {
  const driver = new MemoryDriver();
  const decoder = createManifestDecoder([]);
  return caches.map((cache) =>
    createRegistry({ driver, decoder, cache, deletion: true }).repository(name),
  );
}

/** Two workers, whose primary hands on what one of them says. */
function createCaches() {
  const ends = [channelPair(), channelPair()];
  const [first, second] = ends.map(([ofPrimary]) => new Peer(ofPrimary));
  first!.handle('forget', (value) => second!.call('forget', value).then(() => {}));
  second!.handle('forget', (value) => first!.call('forget', value).then(() => {}));
  return ends.map(([, ofWorker]) => shareCache(createMemoryCache(), new Peer(ofWorker)));
}

describe('caches of two workers', () => {
  it.each([
    ['of a repository', 'blobs'],
    ['of manifests', 'manifests'],
  ] as const)('have both forgotten an entry %s when one has cleared it', async (_title, links) => {
    const [mine, other] = createCaches();
    await mine!.forRepository(name, links).set(digest, descriptor);
    await other!.forRepository(name, links).set(digest, descriptor);
    await mine!.forRepository(name, links).clear(digest);
    expect(await mine!.forRepository(name, links).stat(digest)).toBeUndefined();
    expect(await other!.forRepository(name, links).stat(digest)).toBeUndefined();
  });

  it('have both forgotten a global entry, and no other', async () => {
    const [mine, other] = createCaches();
    await other!.global.set(digest, descriptor);
    await other!.forRepository(name, 'blobs').set(digest, descriptor);
    await mine!.global.clear(digest);
    expect(await other!.global.stat(digest)).toBeUndefined();
    expect(await other!.forRepository(name, 'blobs').stat(digest)).toEqual(descriptor);
  });

  it('let nobody read what was deleted through the other, which caches of their own would', async () => {
    const content = Buffer.from('content');
    const readAfterDelete = async (caches: readonly BlobDescriptorCache[]) => {
      const [mine, other] = createRepositories(caches);
      await mine!.blobs.put(content);
      await other!.blobs.stat(digest);
      await mine!.blobs.delete(digest);
      return other!.blobs.open(digest);
    };
    await expect(readAfterDelete(createCaches())).rejects.toThrow('blob unknown');
    const apart = [createMemoryCache(), createMemoryCache()];
    expect(await buffer(await readAfterDelete(apart))).toEqual(content);
  });

  it('remember apart', async () => {
    const [mine, other] = createCaches();
    await mine!.global.set(digest, descriptor);
    expect(await other!.global.stat(digest)).toBeUndefined();
  });
});
