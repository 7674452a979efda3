import { digestOf, parseRepositoryName } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { DriverError, MemoryDriver, type DriverErrorCode } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry, type RegistryOptions } from './create-registry.ts';
import { chunksOf, decoder, pushBlob } from './fixtures/images.ts';
import { ManualClock } from './fixtures/manual-clock.ts';
import { observeCalls, type CallObserver } from './fixtures/recording-driver.ts';
import { blobDataPath, uploadPaths } from './paths.ts';

const name = parseRepositoryName('team/app');
const content = sampleBytes(200_000, 1);
const digest = digestOf(content);
const path = blobDataPath(digest);
const flipped = Buffer.from(content);
flipped[100_000]! ^= 1;

const failure = (code: DriverErrorCode) =>
  new DriverError(code, { driver: 'memory', operation: 'openReader', path });

async function holding(stored: Uint8Array): Promise<MemoryDriver> {
  const driver = new MemoryDriver();
  await driver.putContent(path, stored);
  return driver;
}

/** Another repository, on a driver whose calls are seen. */
function repositoryOn(
  driver: MemoryDriver,
  before: CallObserver,
  options?: Partial<RegistryOptions>,
) {
  const seen = observeCalls(driver, before);
  return createRegistry({ driver: seen, decoder, ...options }).repository(name);
}

const storedIn = async (driver: MemoryDriver) => Buffer.from(await driver.getContent(path));

describe('a push of content that is there', () => {
  it('leaves the same bytes alone, after one look at them', async () => {
    const driver = await holding(content);
    const calls: string[] = [];
    const repository = repositoryOn(driver, (method, at) => {
      if (at === path && method !== 'stat') calls.push(method);
    });
    await pushBlob(repository, content);
    expect(calls).toEqual(['openReader']);
    expect(await repository.blobs.stat(digest)).toMatchObject({ digest });
  });

  it('borrows the chunks that it reads', async () => {
    const driver = await holding(content);
    const lent: unknown[] = [];
    const openReader = driver.openReader.bind(driver);
    driver.openReader = (at, options) => {
      if (at === path) lent.push(options?.lend);
      return openReader(at, options);
    };
    await pushBlob(createRegistry({ driver, decoder }).repository(name), content);
    expect(lent).toEqual([true]);
  });

  it.each([
    ['other bytes of the same size', flipped],
    ['fewer bytes', content.subarray(1)],
    ['more bytes', Buffer.concat([content, content])],
    ['no bytes', Buffer.alloc(0)],
  ])('replaces %s', async (_, stored) => {
    const driver = await holding(stored);
    await pushBlob(
      repositoryOn(driver, () => {}),
      content,
    );
    expect(await storedIn(driver)).toEqual(Buffer.from(content));
  });

  it.each(['UNAVAILABLE', 'PERMISSION_DENIED', 'FAILED'] as const)(
    'replaces what cannot be read: %s',
    async (code) => {
      const driver = await holding(flipped);
      const repository = repositoryOn(driver, (method, at) => {
        if (method === 'openReader' && at === path) throw failure(code);
      });
      await pushBlob(repository, content);
      expect(await storedIn(driver)).toEqual(Buffer.from(content));
    },
  );

  it('replaces what cannot be read to its end', async () => {
    const driver = await holding(content);
    const openReader = driver.openReader.bind(driver);
    driver.openReader = async (at, options) => {
      const reader = await openReader(at, options);
      if (at === path) reader.once('data', () => reader.destroy(failure('UNAVAILABLE')));
      return reader;
    };
    let moves = 0;
    const repository = repositoryOn(driver, (method, at) => {
      if (method === 'move' && at === path) moves++;
    });
    await pushBlob(repository, content);
    expect(moves).toBe(1);
  });

  it('replaces a manifest that cannot be read', async () => {
    const driver = await holding(flipped);
    const repository = repositoryOn(driver, (method, at) => {
      if (method === 'getContent' && at === path) throw failure('UNAVAILABLE');
    });
    await repository.blobs.put(content);
    expect(await storedIn(driver)).toEqual(Buffer.from(content));
  });

  it('fails when the storage is too busy to tell, and leaves what is there', async () => {
    const driver = await holding(flipped);
    const repository = repositoryOn(driver, (method, at) => {
      if (method === 'openReader' && at === path) throw failure('BUSY');
    });
    await expect(pushBlob(repository, content)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await storedIn(driver)).toEqual(flipped);
  });

  it('stops reading when it is aborted, and leaves what is there', async () => {
    const driver = await holding(flipped);
    const abort = new AbortController();
    const { blobs } = repositoryOn(driver, (method, at) => {
      if (method === 'openReader' && at === path) abort.abort(new Error('enough'));
    });
    const writer = await blobs.create();
    await writer.append(chunksOf(content));
    await expect(writer.commit(digest, { signal: abort.signal })).rejects.toThrow('enough');
    expect(await storedIn(driver)).toEqual(flipped);
    expect(await driver.stat(uploadPaths(name, writer.id).directory)).toBeUndefined();
  });

  it.each([
    ['the same', content],
    ['others', flipped],
  ])('reads once, however long it takes to find %s', async (_, stored) => {
    const driver = await holding(stored);
    const clock = new ManualClock();
    let reads = 0;
    const repository = repositoryOn(
      driver,
      (method, at) => {
        if (method !== 'openReader' || at !== path) return;
        reads++;
        clock.advance(60_000);
      },
      { clock },
    );
    await pushBlob(repository, content);
    expect(reads).toBe(1);
    expect(await storedIn(driver)).toEqual(Buffer.from(content));
  });
});
