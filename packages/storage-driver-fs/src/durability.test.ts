import { open, readlink, type FileHandle } from 'node:fs/promises';
import { relative } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { FilesystemDriver } from './driver.ts';
import { whyNoHandles } from './fixtures/open-handles.ts';
import { createTemporaryDriver } from './fixtures/temporary-root.ts';

const content = Buffer.from('content');
const MEBIBYTE = 1024 * 1024;

/** Notes what is synced from now on: paths below the root, `.` for the root, temporary names without their number. */
async function observeSyncs(root: string): Promise<string[]> {
  const synced: string[] = [];
  const handle = await open(root, 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  for (const method of ['sync', 'datasync'] as const) {
    const original = prototype[method];
    const spy = vi.spyOn(prototype, method).mockImplementation(async function sync(
      this: FileHandle,
    ) {
      const path = relative(root, await readlink(`/proc/self/fd/${this.fd}`)) || '.';
      synced.push(path.replace(/\.[0-9a-f-]{36}\.tmp$/, '.tmp'));
      await original.call(this);
    });
    onTestFinished(() => spy.mockRestore());
  }
  return synced;
}

async function observedDriver(): Promise<{ driver: FilesystemDriver; synced: string[] }> {
  const { driver, root } = await createTemporaryDriver();
  await driver.putContent('/old/file', content);
  return { driver, synced: await observeSyncs(root) };
}

describe.skipIf(whyNoHandles !== undefined)(
  `what survives a loss of power${whyNoHandles === undefined ? '' : ` (skipped: ${whyNoHandles})`}`,
  () => {
    it('is a file that was put: synced before it is renamed, then the directory', async () => {
      const { driver, synced } = await observedDriver();
      await driver.putContent('/old/file', content);
      expect(synced).toEqual(['old/file.tmp', 'old']);
    });

    it('is a file that was put into new directories, up to the first that was there', async () => {
      const { driver, synced } = await observedDriver();
      await driver.putContent('/old/a/b/file', content);
      expect(synced[0]).toBe('old/a/b/file.tmp');
      expect(synced.slice(1).toSorted()).toEqual(['old', 'old/a', 'old/a/b']);
    });

    it('is not a file that need not', async () => {
      const { driver, synced } = await observedDriver();
      await driver.putContent('/old/a/file', content, { durable: false });
      expect(synced).toEqual([]);
    });

    it('is the new name of a file that was moved', async () => {
      const { driver, synced } = await observedDriver();
      await driver.move('/old/file', '/new/a/file');
      expect(synced.toSorted()).toEqual(['.', 'new', 'new/a']);
    });

    it('is a new file that was committed, with its name', async () => {
      const { driver, synced } = await observedDriver();
      await using writer = await driver.openWriter('/new/file');
      await writer.write(content);
      await writer.commit();
      expect(synced.toSorted()).toEqual(['.', 'new', 'new/file']);
    });

    it('is what was accepted before a writer was closed, and what another adds', async () => {
      const { driver, synced } = await observedDriver();
      for (const _ of ['first', 'second']) {
        await using writer = await driver.openWriter('/old/upload', { append: true });
        await writer.write(content);
      }
      expect(synced.toSorted()).toEqual(['old', 'old/upload', 'old/upload']);
    });

    it('is the name of a file that an earlier writer left empty', async () => {
      const { driver, synced } = await observedDriver();
      const empty = await driver.openWriter('/new/a/upload');
      await empty.close();
      expect(synced.splice(0).toSorted()).toEqual(['.', 'new']);
      await using writer = await driver.openWriter('/new/a/upload', { append: true });
      await writer.write(content);
      await writer.close();
      expect(synced.toSorted()).toEqual(['new/a', 'new/a/upload']);
    });

    it('is brought to the disk while a large file is written', async () => {
      const { driver, synced } = await observedDriver();
      await using writer = await driver.openWriter('/old/large');
      for (let count = 0; count < 64; count++) await writer.write(Buffer.alloc(MEBIBYTE));
      expect(synced.length).toBeGreaterThan(0);
      await writer.commit();
      expect(new Set(synced)).toEqual(new Set(['old', 'old/large']));
    });
  },
);

describe('a sync that fails while a file is written', () => {
  it('fails the writer, for the system tells it only once', async () => {
    const { driver, root } = await createTemporaryDriver();
    const handle = await open(root, 'r');
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const error = Object.assign(new Error('EIO: i/o error, fdatasync'), {
      code: 'EIO',
      syscall: 'fdatasync',
    });
    const spy = vi.spyOn(prototype, 'datasync').mockRejectedValueOnce(error);
    onTestFinished(() => spy.mockRestore());
    await using writer = await driver.openWriter('/file');
    const writing = (async () => {
      for (let count = 0; count < 32; count++) await writer.write(Buffer.alloc(MEBIBYTE));
      await writer.commit();
    })();
    await expect(writing).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      path: '/file',
      cause: error,
    });
    await expect(writer.commit()).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: error });
    await writer.cancel();
  });
});
