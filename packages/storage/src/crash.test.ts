import {
  digestOf,
  parseRepositoryName,
  parseTag,
  RegistryError,
  type Repository,
} from '@purser/core';
import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { chunksOf, decoder, pushBlob, pushImage, sampleImageContent } from './fixtures/images.ts';
import { observeCalls } from './fixtures/recording-driver.ts';

const name = parseRepositoryName('library/debian');
const tag = parseTag('latest');
const image = sampleImageContent();

/** A driver that does `calls` things and then nothing more, as a process that is killed. */
function dyingDriver(driver: StorageDriver, calls: number): StorageDriver {
  let left = calls;
  return observeCalls(driver, () => {
    if (left-- <= 0) throw new Error('the process is dead');
  });
}

/** Pushes an image until the driver dies, and tells what was acknowledged before. */
async function pushUntilDeath(driver: StorageDriver): Promise<readonly string[]> {
  const { blobs, manifests, tags } = createRegistry({ driver, decoder }).repository(name);
  const acknowledged: string[] = [];
  try {
    for (const content of image.blobs) {
      const begun = await blobs.create();
      await begun.append(chunksOf(content.subarray(0, 50)));
      await begun.close();
      const resumed = await blobs.resume(begun.id);
      await resumed.append(chunksOf(content.subarray(50)));
      await resumed.commit(digestOf(content));
      acknowledged.push(`blob ${digestOf(content)}`);
    }
    const digest = await manifests.put(image.manifest);
    acknowledged.push('manifest');
    await tags.tag(tag, digest);
    acknowledged.push('tag');
  } catch (error) {
    if ((error as Error).message !== 'the process is dead') throw error;
  }
  return acknowledged;
}

async function countCalls(): Promise<number> {
  let calls = 0;
  await pushUntilDeath(observeCalls(new MemoryDriver(), () => void calls++));
  return calls;
}

describe('a process that dies at any call', async () => {
  const calls = await countCalls();

  it('is tried at every call of a push', () => {
    expect(calls).toBeGreaterThan(20);
  });

  it.each(Array.from({ length: calls + 1 }, (_, index) => index))(
    'after %i calls keeps what it acknowledged, and takes the rest again',
    async (alive) => {
      const driver = new MemoryDriver();
      const acknowledged = await pushUntilDeath(dyingDriver(driver, alive));
      const repository = createRegistry({ driver, decoder }).repository(name);
      for (const content of image.blobs) {
        if (!acknowledged.includes(`blob ${digestOf(content)}`)) continue;
        expect(await repository.blobs.stat(digestOf(content))).toMatchObject({
          size: content.byteLength,
        });
      }
      const digest = digestOf(image.manifest.payload);
      expect(await repository.manifests.exists(digest)).toBeOneOf([
        true,
        acknowledged.includes('manifest'),
      ]);
      expect(await repository.tags.get(tag)).toBeOneOf([
        digest,
        acknowledged.includes('tag') ? digest : undefined,
      ]);
      await pushImage(repository, image);
      await repository.tags.tag(tag, digest);
      expect((await repository.manifests.get(digest)).payload).toEqual(image.manifest.payload);
      for (const content of image.blobs) {
        const chunks = await (await repository.blobs.open(digestOf(content))).toArray();
        expect(Buffer.concat(chunks as Buffer[]).equals(content)).toBe(true);
      }
    },
  );
});

describe('what a crash or another registry left behind', () => {
  async function damaged(path: RegExp, content: string) {
    const driver = new MemoryDriver();
    const problems: string[] = [];
    const registry = createRegistry({
      driver,
      decoder,
      onDamage: ({ problem }) => problems.push(problem),
      manifestMemoryBytes: 0,
    });
    const repository = registry.repository(name);
    const digest = await pushImage(repository, image);
    await repository.tags.tag(tag, digest);
    for await (const entry of driver.walk('/')) {
      if (!entry.isDirectory && path.test(entry.path)) {
        await driver.putContent(entry.path, Buffer.from(content));
      }
    }
    return { repository, digest, problems };
  }

  it.each(['', '\n', 'sha256:abc', '\0'.repeat(71), `${digestOf(Buffer.from('x'))}\n`])(
    'treats links of %j as absent, reports them, and heals by a push',
    async (content) => {
      const { repository, digest, problems } = await damaged(/link$/, content);
      expect(await repository.tags.get(tag)).toBeUndefined();
      expect(await repository.manifests.exists(digest)).toBe(false);
      expect(await repository.blobs.stat(digestOf(image.blobs[0]!))).toBeUndefined();
      expect(problems).toContain('link is no digest');
      await pushImage(repository, image);
      await repository.tags.tag(tag, digest);
      expect(await repository.tags.get(tag)).toBe(digest);
      expect(await repository.manifests.exists(digest)).toBe(true);
    },
  );

  it('heals content that was cut off', async () => {
    const { repository, digest } = await damaged(/\/data$/, '');
    await pushImage(repository, image);
    expect((await repository.manifests.get(digest)).payload).toEqual(image.manifest.payload);
    expect(await repository.blobs.stat(digestOf(image.blobs[1]!))).toMatchObject({ size: 5000 });
  });

  it('does not know an upload without a valid start', async () => {
    const driver = new MemoryDriver();
    const problems: string[] = [];
    const { blobs } = createRegistry({
      driver,
      decoder,
      onDamage: ({ problem }) => problems.push(problem),
    }).repository(name);
    const writer = await blobs.create();
    await writer.close();
    const path = `/docker/registry/v2/repositories/${name}/_uploads/${writer.id}/startedat`;
    await driver.putContent(path, Buffer.from(''));
    const error: unknown = await blobs.resume(writer.id).catch((failure: unknown) => failure);
    expect(RegistryError.is(error, 'BLOB_UPLOAD_UNKNOWN')).toBe(true);
    expect(problems).toEqual(['upload has no valid start time']);
  });
});

describe('a registry that shares its store with another process', () => {
  it('goes on with an upload the other began, without reading it again', async () => {
    const driver = new MemoryDriver();
    const content = image.blobs[1]!;
    const begun = await createRegistry({ driver, decoder }).repository(name).blobs.create();
    await begun.append(chunksOf(content));
    await begun.close();
    const reads: string[] = [];
    const observed = observeCalls(driver, (method, path) => {
      if (method === 'openReader') reads.push(path);
    });
    const { blobs } = createRegistry({ driver: observed, decoder }).repository(name);
    const resumed = await blobs.resume(begun.id);
    expect(resumed.size).toBe(content.byteLength);
    await resumed.commit(digestOf(content));
    expect(reads).toEqual([]);
    expect(await blobs.stat(digestOf(content))).toMatchObject({ size: content.byteLength });
  });

  it('does not trust its running digest for an upload that another process added to', async () => {
    const reads: string[] = [];
    const memory = new MemoryDriver();
    const observed = observeCalls(memory, (method, path) => {
      if (method === 'openReader') reads.push(path);
    });
    const driver: StorageDriver = {
      ...observed,
      async move(source, destination) {
        throw new Error(`${source} must not become ${destination}`);
      },
      async openWriter(path, options) {
        const file = await observed.openWriter(path, options);
        const both = Buffer.from('ours and theirs');
        let isCommitted = false;
        return {
          ...file,
          get size() {
            return isCommitted ? both.byteLength : file.size;
          },
          // What the other process wrote is there as soon as this one is done.
          async commit() {
            await file.commit();
            await memory.putContent(path, both);
            isCommitted = true;
          },
        };
      },
    };
    const { blobs } = createRegistry({ driver, decoder }).repository(name);
    const writer = await blobs.create();
    await writer.append(chunksOf(Buffer.from('ours')));
    const digest = digestOf(Buffer.from('ours'));
    await expect(writer.commit(digest)).rejects.toMatchObject({ code: 'DIGEST_INVALID' });
    expect(reads).toHaveLength(1);
    expect(await blobs.stat(digest)).toBeUndefined();
  });

  it('reads content again only for an algorithm that nothing announced', async () => {
    const reads: string[] = [];
    const driver = observeCalls(new MemoryDriver(), (method, path) => {
      if (method === 'openReader') reads.push(path);
    });
    const { blobs } = createRegistry({ driver, decoder }).repository(name);
    const push = async (text: string, options?: { algorithm: 'sha512' }) => {
      reads.length = 0;
      const content = Buffer.from(text);
      const writer = await blobs.create(options);
      await writer.append(chunksOf(content));
      await writer.commit(digestOf(content, 'sha512'));
      return reads.length;
    };
    expect(await push('announced', { algorithm: 'sha512' })).toBe(0);
    expect(await push('as the last one')).toBe(0);
    await pushBlob({ blobs } as Repository, Buffer.from('by sha256 again'));
    expect(await push('unexpected')).toBe(1);
  });

  it('reads an upload again when the note beside it does not speak of all of it', async () => {
    const driver = new MemoryDriver();
    const content = image.blobs[1]!;
    const begun = await createRegistry({ driver, decoder }).repository(name).blobs.create();
    await begun.append(chunksOf(content.subarray(0, 10)));
    await begun.close();
    const { blobs } = createRegistry({ driver, decoder }).repository(name);
    const resumed = await blobs.resume(begun.id);
    await resumed.append(chunksOf(content.subarray(10)));
    await resumed.commit(digestOf(content));
    expect(await blobs.stat(digestOf(content))).toMatchObject({ size: content.byteLength });
  });

  it('sees what the other pushed and deleted', async () => {
    const driver = new MemoryDriver();
    const first = createRegistry({ driver, decoder, deletion: true }).repository(name);
    const second = createRegistry({ driver, decoder, deletion: true }).repository(name);
    const digest = await pushImage(first, image);
    expect((await second.manifests.get(digest)).payload).toEqual(image.manifest.payload);
    await first.manifests.delete(digest);
    await expect(second.manifests.get(digest)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    await pushBlob(second, image.blobs[0]!);
    expect(await first.blobs.stat(digestOf(image.blobs[0]!))).toBeDefined();
  });
});
