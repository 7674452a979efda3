import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CHUNK_SIZES, ChunkPool, LARGEST_CHUNK } from './chunk-pool.ts';
import { createTemporaryRoot } from './fixtures/temporary-root.ts';
import { STALL_MS } from './pace.ts';
import { openReader } from './reader.ts';

const MEBIBYTE = 1024 * 1024;
const [SMALLEST] = CHUNK_SIZES;

/** A file of 8 MiB, of which each KiB is other, that readers lend from one pool. */
async function createFile() {
  const content = Buffer.alloc(8 * MEBIBYTE);
  for (let at = 0; at < content.length; at += 1024) content.writeUInt32LE(at, at);
  const path = join(await createTemporaryRoot(), 'file');
  await writeFile(path, content);
  const pool = new ChunkPool();
  const open = async (range: { offset?: number; length?: number } = {}) => {
    const whole = { offset: 0, length: Infinity, lend: true, ...range };
    const reader = await openReader(path, whole, { pool, fail: (error) => error as Error });
    onTestFinished(() => void reader.destroy());
    return reader;
  };
  return { content, pool, open };
}

type Chunks = AsyncIterator<Buffer, undefined>;

const chunksOf = (reader: Readable) => reader[Symbol.asyncIterator]() as Chunks;

async function take(chunks: Chunks, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken++) await chunks.next();
}

describe('slow readers of blobs', () => {
  it('hold one small chunk each while they have not taken the first', async () => {
    const { pool, open } = await createFile();
    const readers = await Promise.all(Array.from({ length: 100 }, () => open()));
    await Promise.all(readers.map((reader) => take(chunksOf(reader), 1)));
    expect(pool.lentBytes).toBe(100 * SMALLEST);
  });

  it('that stall after a quick beginning give back what was read ahead, and get the same bytes later', async () => {
    const { content, pool, open } = await createFile();
    const chunks = chunksOf(await open());
    const pieces: Buffer[] = [];
    const next = async () => {
      const { value } = await chunks.next();
      if (value !== undefined) pieces.push(Buffer.from(value));
      return value?.byteLength;
    };
    let size = await next();
    while (size !== LARGEST_CHUNK && size !== undefined) size = await next();
    expect(pool.lentBytes).toBe(2 * LARGEST_CHUNK);
    await vi.waitFor(() => expect(pool.lentBytes).toBe(LARGEST_CHUNK), 20 * STALL_MS);
    expect(await next()).toBe(SMALLEST);
    expect(pool.lentBytes).toBe(SMALLEST);
    while ((await next()) !== undefined);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    expect(pool.lentBytes).toBe(0);
  });

  it('in any number hold the budget and a small chunk each', async () => {
    const { pool, open } = await createFile();
    const readers = await Promise.all(Array.from({ length: 300 }, () => open()));
    await Promise.all(readers.map((reader) => take(chunksOf(reader), 4)));
    expect(pool.lentBytes).toBeGreaterThan(16 * MEBIBYTE);
    // A chunk in hand, and one read ahead.
    expect(pool.lentBytes).toBeLessThanOrEqual(32 * MEBIBYTE + 2 * 300 * SMALLEST);
  });

  it('that leave give back all memory, whenever they leave', async () => {
    const { pool, open } = await createFile();
    for (let count = 0; count < 8; count++) {
      const reader = await open();
      const chunks = chunksOf(reader);
      await take(chunks, count);
      reader.destroy();
      await chunks.return?.();
      expect(pool.lentBytes).toBe(0);
    }
  });

  it('that leave while a chunk is on its way do not have it overwritten by others', async () => {
    const { content, open } = await createFile();
    const chunks = chunksOf(await open());
    const { value } = await chunks.next();
    await chunks.return?.();
    for await (const _ of await open({ offset: 4 * MEBIBYTE })) await setTimeout(0);
    expect(value?.equals(content.subarray(0, SMALLEST))).toBe(true);
  });
});

describe('a reader of a small range', () => {
  it('holds no more than the smallest chunk for it', async () => {
    const { content, pool, open } = await createFile();
    const chunks = chunksOf(await open({ offset: 5000, length: 100 }));
    const { value } = await chunks.next();
    expect(value?.equals(content.subarray(5000, 5100))).toBe(true);
    expect(pool.lentBytes).toBe(SMALLEST);
    expect((await chunks.next()).done).toBe(true);
  });
});
