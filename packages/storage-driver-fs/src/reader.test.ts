import { truncate } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openHandlesBelow, whyNoHandles } from './fixtures/open-handles.ts';
import { createTemporaryDriver } from './fixtures/temporary-root.ts';

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;
const because = whyNoHandles === undefined ? '' : ` (skipped: ${whyNoHandles})`;

function closed(reader: Readable): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (reader.closed) resolve();
  else reader.once('close', resolve);
  return promise;
}

describe('a reader of a very large file', () => {
  it('reads what is near the end of 5 GiB, and between', async () => {
    const { driver, root } = await createTemporaryDriver();
    const size = 5 * GIBIBYTE;
    const marks = [2 ** 31 - 3, 2 ** 32 - 3, size - 10];
    const handle = await open(join(root, 'file'), 'w');
    for (const mark of marks) await handle.write(Buffer.from('mark'), 0, 4, mark);
    await handle.truncate(size);
    await handle.close();
    expect((await driver.stat('/file'))?.size).toBe(size);
    for (const mark of marks) {
      const reader = await driver.openReader('/file', { offset: mark, length: 6 });
      expect(Buffer.concat(await reader.toArray()).toString()).toBe('mark\0\0');
    }
    const tail = await driver.openReader('/file', { offset: size - 3 * MEBIBYTE - 7 });
    expect(Buffer.concat(await tail.toArray()).byteLength).toBe(3 * MEBIBYTE + 7);
    const beyond = await driver.openReader('/file', { offset: size + 1 });
    expect(await beyond.toArray()).toEqual([]);
  });

  it('does not grow the process', async () => {
    const { driver, root } = await createTemporaryDriver();
    const handle = await open(join(root, 'file'), 'w');
    await handle.truncate(512 * MEBIBYTE);
    await handle.close();
    const before = process.memoryUsage.rss();
    let [most, size] = [0, 0];
    for await (const chunk of await driver.openReader('/file')) {
      size += (chunk as Buffer).byteLength;
      most = Math.max(most, process.memoryUsage.rss());
    }
    expect(size).toBe(512 * MEBIBYTE);
    expect(most - before).toBeLessThan(160 * MEBIBYTE);
  }, 60_000);
});

describe('the handle of a reader', () => {
  const skip = whyNoHandles !== undefined;

  it.skipIf(skip)(`is closed at the end, also of an empty range${because}`, async () => {
    const { driver, root } = await createTemporaryDriver();
    await driver.putContent('/file', Buffer.alloc(3 * MEBIBYTE));
    for (const range of [{}, { length: 0 }, { offset: 4 * MEBIBYTE }, { lend: true }]) {
      const reader = await driver.openReader('/file', range);
      expect(await openHandlesBelow(root)).toHaveLength(1);
      reader.resume();
      await closed(reader);
      expect(await openHandlesBelow(root)).toEqual([]);
    }
  });

  it.skipIf(skip)(
    `is closed when the reader is destroyed, whenever that is${because}`,
    async () => {
      const { driver, root } = await createTemporaryDriver();
      await driver.putContent('/file', Buffer.alloc(8 * MEBIBYTE));
      for (let turns = 0; turns < 30; turns++) {
        const reader = await driver.openReader('/file');
        if (turns > 0) reader.on('data', () => {});
        for (let turn = 1; turn < turns; turn++) await setImmediate();
        reader.destroy();
        await closed(reader);
        expect(await openHandlesBelow(root)).toEqual([]);
      }
    },
  );

  it.skipIf(skip)(`is closed when the signal is aborted${because}`, async () => {
    const { driver, root } = await createTemporaryDriver();
    await driver.putContent('/file', Buffer.alloc(8 * MEBIBYTE));
    const controller = new AbortController();
    const reader = await driver.openReader('/file', { signal: controller.signal });
    reader.resume();
    controller.abort(new Error('the client left'));
    await closed(reader);
    expect(await openHandlesBelow(root)).toEqual([]);
  });
});

describe('a reader of a file that somebody else cuts off', () => {
  it('fails instead of ending early', async () => {
    const { driver, root } = await createTemporaryDriver();
    await driver.putContent('/file', Buffer.alloc(8 * MEBIBYTE));
    const reader = await driver.openReader('/file');
    await truncate(join(root, 'file'), MEBIBYTE);
    await expect(reader.toArray()).rejects.toMatchObject({
      code: 'FAILED',
      operation: 'openReader',
      path: '/file',
      cause: { message: 'the file became shorter while it was read' },
    });
    await closed(reader);
    expect(await openHandlesBelow(root)).toEqual([]);
  });
});

describe('the chunks of a reader', () => {
  it('are large, and two are held at most', async () => {
    const { driver } = await createTemporaryDriver();
    await driver.putContent('/file', Buffer.alloc(8 * MEBIBYTE));
    const reader = await driver.openReader('/file');
    for await (const chunk of reader) {
      expect((chunk as Buffer).byteLength).toBe(MEBIBYTE / 2);
      for (let turn = 0; turn < 20; turn++) await setImmediate();
      expect(reader.readableLength).toBeLessThanOrEqual(MEBIBYTE / 2);
    }
  });

  it('are no larger than what is asked for', async () => {
    const { driver } = await createTemporaryDriver();
    await driver.putContent('/file', Buffer.alloc(8 * MEBIBYTE));
    const chunks = await (await driver.openReader('/file', { offset: 5, length: 71 })).toArray();
    expect(chunks.map((chunk: Buffer) => chunk.buffer.byteLength)).toEqual([71]);
  });
});
