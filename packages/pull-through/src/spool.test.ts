import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, createPullThrough } from './fixtures/create-pull-through.ts';
import { Spool } from './spool.ts';
import { SpoolReader } from './spool-reader.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pull-through-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const MEBIBYTE = 1024 * 1024;

describe('a spool', () => {
  it('gives the same bytes to readers that keep up, come late, or fall behind what is in memory', async () => {
    const spool = await Spool.create(directory);
    const content = sampleBytes(12 * MEBIBYTE);
    const prompt = bytesOf(new SpoolReader(spool, { lend: true }));
    const slow = new SpoolReader(spool);
    slow.pause();
    for (let offset = 0; offset < content.byteLength; offset += 100_000) {
      await spool.append(content.subarray(offset, offset + 100_000));
    }
    const late = bytesOf(new SpoolReader(spool));
    spool.finish();
    for (const bytes of await Promise.all([prompt, late, bytesOf(slow)])) {
      expect(digestOf(bytes)).toBe(digestOf(content));
    }
    spool.release();
  });

  it('gives slow readers small chunks of its file, and reads nothing ahead for them', async () => {
    const spool = await Spool.create(directory);
    const content = sampleBytes(6 * MEBIBYTE);
    for (let offset = 0; offset < content.byteLength; offset += MEBIBYTE) {
      await spool.append(content.subarray(offset, offset + MEBIBYTE));
    }
    spool.finish();
    const reader = new SpoolReader(spool, { lend: true });
    const sizes: number[] = [];
    for await (const chunk of reader) {
      if (sizes.push((chunk as Buffer).byteLength) === 6) break;
      await setTimeout(5);
      expect(reader.readableLength).toBe(0);
    }
    expect(sizes).toEqual([8, 8, 16, 32, 64, 64].map((kibibytes) => kibibytes * 1024));
    spool.release();
  });

  it('leaves no file behind, even while it is written', async () => {
    const spool = await Spool.create(directory);
    await spool.append(sampleBytes(1000));
    expect(await readdir(directory)).toEqual([]);
    spool.release();
  });

  it('says what is wrong with its directory', async () => {
    const missing = join(directory, 'missing');
    await expect(Spool.create(missing)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('cannot write to the spool directory: ENOENT'),
    });
  });

  it('is removed at the next start when a process was killed', async () => {
    const names = ['purser-spool-1', 'other'];
    for (const name of names) await writeFile(join(directory, name), 'x');
    await using made = createPullThrough({ spoolDirectory: directory }).registry;
    await made.start();
    expect(await readdir(directory)).toEqual(['other']);
  });

  it('can be read after the writer let go, as long as a reader holds it', async () => {
    const spool = await Spool.create(directory);
    const content = sampleBytes(6 * MEBIBYTE);
    const reader = new SpoolReader(spool);
    for (let offset = 0; offset < content.byteLength; offset += MEBIBYTE) {
      await spool.append(content.subarray(offset, offset + MEBIBYTE));
    }
    spool.finish();
    spool.release();
    expect(digestOf(await bytesOf(reader))).toBe(digestOf(content));
  });

  it('tells its failure after the bytes that came before it', async () => {
    const spool = await Spool.create(directory);
    await spool.append(sampleBytes(1000));
    spool.finish(new Error('broke off'));
    const reader = new SpoolReader(spool);
    const received: Buffer[] = [];
    const read = async () => {
      for await (const chunk of reader) received.push(chunk as Buffer);
    };
    await expect(read()).rejects.toThrow('broke off');
    expect(Buffer.concat(received)).toEqual(Buffer.from(sampleBytes(1000)));
    spool.release();
  });

  it('does not let a reader change what others read', async () => {
    const spool = await Spool.create(directory);
    await spool.append(Buffer.from('abc'));
    spool.finish();
    for await (const chunk of new SpoolReader(spool)) (chunk as Buffer).fill(0);
    expect((await bytesOf(new SpoolReader(spool))).toString()).toBe('abc');
    spool.release();
  });
});
