import { setImmediate } from 'node:timers/promises';
import { Readable } from 'node:stream';
import {
  digestOf,
  parseRepositoryName,
  type BlobDescriptorCache,
  type BlobDescriptorService,
  type Descriptor,
  type Digest,
} from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry, type RegistryOptions } from './create-registry.ts';
import type { Damage } from './damage.ts';
import { chunksOf, decoder, pushBlob } from './fixtures/images.ts';
import { LendingDriver, LENT_BYTES } from './fixtures/lending-driver.ts';
import { readFlowing, readLent } from './fixtures/read-to-end.ts';
import { observeCalls } from './fixtures/recording-driver.ts';
import { blobDataPath, QUARANTINE } from './paths.ts';

const name = parseRepositoryName('team/app');
const content = Buffer.from(sampleBytes(200_500, 1));
const digest = digestOf(content);
const sha512 = digestOf(content, 'sha512');
const path = blobDataPath(digest);

function flippedAt(offset: number): Buffer {
  const bytes = Buffer.from(content);
  bytes[offset]! ^= 1;
  return bytes;
}

interface World extends AsyncDisposable {
  readonly driver: LendingDriver;
  readonly damage: readonly Damage[];
  /** Calls that are about the blob. */
  readonly calls: string[];
  readonly fail: { at?: string };
  open(
    options?: Partial<RegistryOptions>,
  ): ReturnType<ReturnType<typeof createRegistry>['repository']>;
  quarantined(): Promise<readonly Buffer[]>;
}

/** A repository with a blob in whose place these bytes stand. */
async function holding(stored: Uint8Array): Promise<World> {
  const driver = new LendingDriver();
  const damage: Damage[] = [];
  const calls: string[] = [];
  const fail: { at?: string } = {};
  const seen = observeCalls(driver, (method, at) => {
    if (at.endsWith(path)) calls.push(method);
    if (at.endsWith(path) && fail.at === method) throw failure(method);
  });
  await pushBlob(createRegistry({ driver, decoder }).repository(name), content);
  await driver.putContent(path, stored);
  return {
    driver,
    damage,
    calls,
    fail,
    open: (options) => {
      const onDamage = (met: Damage) => void damage.push(met);
      return createRegistry({ driver: seen, decoder, onDamage, ...options }).repository(name);
    },
    quarantined: () => quarantinedIn(driver),
    // Whatever happened, no reader is left open.
    async [Symbol.asyncDispose]() {
      await setImmediate();
      expect(driver.open).toBe(0);
    },
  };
}

const failure = (operation: string) =>
  new DriverError('PERMISSION_DENIED', { driver: 'memory', operation, path });

async function quarantinedIn(driver: StorageDriver): Promise<readonly Buffer[]> {
  const found: Buffer[] = [];
  if ((await driver.stat(QUARANTINE)) === undefined) return found;
  for await (const entry of driver.walk(QUARANTINE)) {
    if (!entry.isDirectory) found.push(Buffer.from(await driver.getContent(entry.path)));
  }
  return found;
}

const ways = [
  { way: 'lent chunks', lend: true, read: readLent },
  { way: 'chunks of its own', lend: false, read: readLent },
  { way: 'a flowing stream', lend: false, read: readFlowing },
  { way: 'a flowing stream that might be lent', lend: true, read: readFlowing },
];

const damages = [
  { kind: 'a flipped byte at the start', stored: flippedAt(0) },
  { kind: 'a flipped byte at the end', stored: flippedAt(content.byteLength - 1) },
  { kind: 'a missing end', stored: content.subarray(0, -1) },
  { kind: 'a missing start', stored: content.subarray(1) },
  { kind: 'bytes added', stored: Buffer.concat([content, Buffer.from('more')]) },
];

describe('a whole read', () => {
  it.each(ways)('gives $way of what is sound', async ({ lend, read }) => {
    await using world = await holding(content);
    const { blobs } = world.open();
    for (let round = 0; round < 2; round++) {
      const { bytes, error } = await read(await blobs.open(digest, { lend }));
      expect(error).toBeUndefined();
      expect(bytes.equals(content)).toBe(true);
    }
    expect(world.damage).toEqual([]);
  });

  it('looks at the size once, until it was read to its end', async () => {
    await using world = await holding(content);
    const { blobs } = world.open();
    for await (const _ of await blobs.open(digest, { lend: true })) break;
    expect(world.calls.splice(0)).toEqual(['stat', 'openReader']);
    await readLent(await blobs.open(digest, { lend: true }));
    expect(world.calls.splice(0)).toEqual(['stat', 'openReader']);
    await readLent(await blobs.open(digest, { lend: true }));
    expect(world.calls).toEqual(['openReader']);
  });

  it.each(damages.flatMap((kind) => ways.map((way) => ({ ...kind, ...way }))))(
    'as $way never ends with $kind, which is absent afterwards and healed by a push',
    async ({ stored, lend, read }) => {
      await using world = await holding(stored);
      const repository = world.open();
      const { bytes, error } = await read(await repository.blobs.open(digest, { lend }));
      expect(error).toMatchObject({ code: 'BLOB_UNKNOWN', detail: { digest } });
      expect(bytes.byteLength).toBeLessThan(stored.byteLength);
      expect(world.damage).toEqual([{ path, problem: 'content does not match its digest' }]);
      expect(await world.quarantined()).toEqual([stored]);
      expect(await repository.blobs.stat(digest)).toBeUndefined();
      await expect(repository.blobs.open(digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });

      await pushBlob(repository, content);
      const again = await read(await repository.blobs.open(digest, { lend }));
      expect(again.bytes.equals(content)).toBe(true);
    },
  );

  it('gives all of what is damaged but the last chunk', async () => {
    await using world = await holding(flippedAt(0));
    const { bytes } = await readLent(await world.open().blobs.open(digest, { lend: true }));
    const chunks = Math.ceil(content.byteLength / LENT_BYTES);
    expect(bytes.equals(flippedAt(0).subarray(0, (chunks - 1) * LENT_BYTES))).toBe(true);
  });

  it('finds nothing in an empty file', async () => {
    await using world = await holding(Buffer.alloc(0));
    await expect(world.open().blobs.open(digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
  });

  it('verifies the bytes of a digest of another algorithm', async () => {
    await using world = await holding(content);
    const repository = world.open();
    const writer = await repository.blobs.create();
    await writer.append(chunksOf(content));
    await writer.commit(sha512);
    await world.driver.putContent(path, flippedAt(5));
    const { error } = await readLent(await repository.blobs.open(sha512, { lend: true }));
    expect(error).toMatchObject({ code: 'BLOB_UNKNOWN' });
    await expect(repository.blobs.open(sha512)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
  });

  it('makes caches forget what is damaged', async () => {
    await using world = await holding(flippedAt(5));
    const remembered = new Map<string, Descriptor>();
    const { blobs } = world.open({ cache: mapCache(remembered) });
    await blobs.stat(digest);
    expect([...remembered.keys()]).toHaveLength(2);
    await readLent(await blobs.open(digest));
    expect([...remembered.keys()]).toEqual([]);
  });

  it('puts aside once what two find at the same time', async () => {
    await using world = await holding(flippedAt(5));
    const { blobs } = world.open();
    const streams = await Promise.all([blobs.open(digest), blobs.open(digest)]);
    const results = await Promise.all(streams.map(readLent));
    expect(results.map(({ error }) => error)).toMatchObject([
      { code: 'BLOB_UNKNOWN' },
      { code: 'BLOB_UNKNOWN' },
    ]);
    expect(world.calls.filter((method) => method === 'move')).toHaveLength(1);
    expect(await world.quarantined()).toHaveLength(1);
  });

  it('leaves what was healed since it began', async () => {
    await using world = await holding(flippedAt(content.byteLength - 1));
    const repository = world.open();
    const stream = await repository.blobs.open(digest, { lend: true });
    await pushBlob(repository, content);
    world.calls.splice(0);
    expect((await readLent(stream)).error).toMatchObject({ code: 'BLOB_UNKNOWN' });
    expect(world.calls).toEqual(['openReader']);
    expect(await world.quarantined()).toEqual([]);
    const again = await readLent(await repository.blobs.open(digest));
    expect(again.bytes.equals(content)).toBe(true);
  });

  it('fails each time while writes are refused, and changes nothing', async () => {
    await using world = await holding(flippedAt(5));
    const writes = { areRefused: true };
    const { blobs } = world.open({ writes });
    for (let round = 0; round < 2; round++) {
      const { error } = await readLent(await blobs.open(digest, { lend: true }));
      expect(error).toMatchObject({ code: 'BLOB_UNKNOWN' });
    }
    expect(world.damage).toHaveLength(2);
    expect(await world.quarantined()).toEqual([]);
    expect((await world.driver.stat(path))?.size).toBe(content.byteLength);
    writes.areRefused = false;
    await readLent(await blobs.open(digest));
    expect(await world.quarantined()).toHaveLength(1);
  });

  it('fails each time when storage does not let it be put aside, and says why', async () => {
    await using world = await holding(flippedAt(5));
    const { blobs } = world.open();
    world.fail.at = 'move';
    for (let round = 0; round < 2; round++) {
      const { error } = await readLent(await blobs.open(digest));
      expect(error).toMatchObject({
        code: 'BLOB_UNKNOWN',
        cause: { cause: { code: 'PERMISSION_DENIED' } },
      });
    }
  });

  it('may be given up at any moment', async () => {
    await using world = await holding(content);
    const { blobs } = world.open();
    for (const lend of [true, false]) {
      (await blobs.open(digest, { lend })).destroy();
      for await (const _ of await blobs.open(digest, { lend })) break;
      const begun = await blobs.open(digest, { lend });
      const chunks = begun[Symbol.asyncIterator]();
      await chunks.next();
      begun.destroy();
      await expect(chunks.next()).rejects.toBeInstanceOf(Error);
    }
  });

  it('ends when it is aborted', async () => {
    await using world = await holding(content);
    const { blobs } = world.open();
    for (const lend of [true, false]) {
      const abort = new AbortController();
      const stream = await blobs.open(digest, { lend, signal: abort.signal });
      abort.abort(new Error('enough'));
      expect((await readLent(stream)).error).toMatchObject({ message: 'enough' });
    }
    expect(world.damage).toEqual([]);
  });

  it('fails as storage does, which says nothing of the blob', async () => {
    await using world = await holding(content);
    const { blobs } = world.open();
    world.driver.openReader = async () =>
      new Readable({
        read() {
          this.destroy(failure('read'));
        },
      });
    for (const { lend, read } of ways) {
      const { error } = await read(await blobs.open(digest, { lend }));
      expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
    }
    expect(world.damage).toEqual([]);
    expect(await world.quarantined()).toEqual([]);
  });

  it('is as it is stored when that is asked for', async () => {
    await using world = await holding(flippedAt(5));
    const { blobs } = world.open({ verifyReads: false });
    const { bytes, error } = await readLent(await blobs.open(digest));
    expect(error).toBeUndefined();
    expect(bytes.equals(flippedAt(5))).toBe(true);
    expect(world.calls).toEqual(['openReader']);
  });
});

describe('a read of a part', () => {
  it('is not verified, and costs nothing', async () => {
    await using world = await holding(flippedAt(5));
    const remembered = new Map<string, Descriptor>();
    const { blobs } = world.open({ cache: mapCache(remembered) });
    await blobs.stat(digest);
    world.calls.splice(0);
    const range = { start: 0, end: content.byteLength - 1 };
    const { bytes } = await readLent(await blobs.open(digest, { range }));
    expect(bytes.equals(flippedAt(5))).toBe(true);
    expect(world.calls).toEqual(['openReader']);
  });
});

function mapCache(remembered: Map<string, Descriptor>): BlobDescriptorCache {
  const part = (prefix: string): BlobDescriptorService => ({
    stat: async (asked: Digest) => remembered.get(prefix + asked),
    set: async (asked, known) => void remembered.set(prefix + asked, known),
    clear: async (asked) => void remembered.delete(prefix + asked),
  });
  return {
    global: part(''),
    forRepository: (repository, links) => part(`${repository} ${links} `),
  } as BlobDescriptorCache;
}
