import type { Readable } from 'node:stream';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { bytesOf, createPullThrough, NAME, pullBlob } from './fixtures/create-pull-through.ts';
import { ManualContent } from './fixtures/upstream-under-test.ts';
import type { PullThrough } from './with-pull-through.ts';

const MIB = 1024 * 1024;
const CONTENT = sampleBytes(3 * MIB);
const DIGEST = digestOf(CONTENT);
const GRACE_MS = 10_000;

const registries: PullThrough[] = [];
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close();
});

/** An upstream of several blobs, whose content comes as the test sends it. */
async function withBlobs(count = 1) {
  const made = createPullThrough();
  registries.push(made.registry);
  const contents: ManualContent[] = [];
  const blobs = Array.from({ length: count }, (_, seed) => sampleBytes(3 * MIB, seed + 1));
  for (const blob of blobs) await made.upstream.content.repository(NAME).blobs.put(blob);
  made.upstream.send = () => {
    const content = new ManualContent();
    contents.push(content);
    return content.stream;
  };
  return { ...made, contents, digests: blobs.map((blob) => digestOf(blob)) };
}

/** Opens a blob, reads what has come of it, and leaves. */
async function readAndLeave(
  made: Awaited<ReturnType<typeof withBlobs>>,
  { digest = DIGEST, bytes = 1000 } = {},
): Promise<void> {
  const reader = await made.repository.blobs.open(digest);
  made.contents.at(-1)!.push(CONTENT.subarray(0, bytes));
  await firstChunk(reader);
  await left(reader);
}

describe('a fetch that nobody follows any more (abandoned pulls)', () => {
  it('is broken off after a grace period when little has come', async () => {
    const made = await withBlobs();
    await readAndLeave(made);
    await made.clock.advance(GRACE_MS - 1);
    expect(made.contents[0]!.stream.destroyed).toBe(false);
    await made.clock.advance(1);
    expect(made.contents[0]!.stream.destroyed).toBe(true);
    await expect
      .poll(() => made.events)
      .toMatchObject([{ type: 'abandoned', received: 1000, size: CONTENT.byteLength }]);
    expect(await made.store.repository(NAME).blobs.stat(DIGEST)).toBeUndefined();

    made.upstream.send = (content) => content;
    expect((await pullBlob(made.repository, DIGEST)).equals(CONTENT)).toBe(true);
  });

  it('is completed when most has come', async () => {
    const made = await withBlobs();
    await readAndLeave(made, { bytes: 2 * MIB });
    await made.clock.advance(60 * GRACE_MS);
    made.contents[0]!.push(CONTENT.subarray(2 * MIB));
    made.contents[0]!.end();
    await expect.poll(() => made.events, { timeout: 10_000 }).toMatchObject([{ type: 'fetched' }]);
    expect(made.upstream.count('open')).toBe(1);
  });

  it('goes on for a client that comes back', async () => {
    const made = await withBlobs();
    await readAndLeave(made);
    await made.clock.advance(GRACE_MS - 1);
    const pull = bytesOf(await made.repository.blobs.open(DIGEST));
    await made.clock.advance(GRACE_MS);
    made.contents[0]!.push(CONTENT.subarray(1000));
    made.contents[0]!.end();
    expect((await pull).equals(CONTENT)).toBe(true);
    expect(made.upstream.count('open')).toBe(1);
  });

  it('has a whole grace period after each client that leaves', async () => {
    const made = await withBlobs();
    await readAndLeave(made);
    await made.clock.advance(GRACE_MS - 1);
    await left(await made.repository.blobs.open(DIGEST));
    await made.clock.advance(GRACE_MS - 1);
    expect(made.contents[0]!.stream.destroyed).toBe(false);
  });

  it('is one of at most four, of which most has come', async () => {
    const made = await withBlobs(8);
    for (const [index, digest] of made.digests.entries()) {
      await readAndLeave(made, { digest, bytes: 1000 * (index + 1) });
    }
    const isOpen = made.contents.map(({ stream }) => !stream.destroyed);
    expect(isOpen).toEqual([false, false, false, false, true, true, true, true]);
  });

  it('is broken off soon when it was begun for a client that never read it', async () => {
    const made = await withBlobs();
    await made.registry.repository(NAME, { opensBlobs: true }).blobs.stat(DIGEST);
    await made.clock.advance(2000);
    expect(made.contents[0]!.stream.destroyed).toBe(true);
  });

  it('is not begun when every client leaves before the upstream answers', async () => {
    const made = await withBlobs();
    const signals: AbortSignal[] = [];
    made.upstream.onOpen = (signal) => signals.push(signal!);
    made.upstream.answering = new Promise(() => {});
    const clients = [new AbortController(), new AbortController()];
    const waiting = clients.map(({ signal }) => made.repository.blobs.open(DIGEST, { signal }));
    await expect.poll(() => signals).toHaveLength(1);
    clients[0]!.abort(new Error('left'));
    await expect(waiting[0]).rejects.toThrow('left');
    expect(signals[0]!.aborted).toBe(false);
    clients[1]!.abort(new Error('left'));
    await expect(waiting[1]).rejects.toThrow('left');
    expect(signals[0]!.aborted).toBe(true);

    made.upstream.answering = Promise.resolve();
    made.upstream.send = (content) => content;
    expect((await pullBlob(made.repository, DIGEST)).equals(CONTENT)).toBe(true);
    await expect.poll(() => made.events, { timeout: 10_000 }).toMatchObject([{ type: 'fetched' }]);
  });

  it('is not even asked for by a client that has left', async () => {
    const made = await withBlobs();
    const signal = AbortSignal.abort(new Error('left'));
    await expect(made.repository.blobs.open(DIGEST, { signal })).rejects.toThrow('left');
    expect(made.upstream.asked).toEqual([]);
  });
});

async function firstChunk(stream: Readable): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.once('readable', resolve);
    stream.once('error', reject);
  });
}

async function left(stream: Readable): Promise<void> {
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.destroy();
  await closed;
}
