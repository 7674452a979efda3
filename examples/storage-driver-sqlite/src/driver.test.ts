import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, vi } from 'vitest';
import { describeDriverConformance } from '@purser/storage-driver/conformance';
import { SqliteDriver } from './driver.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';

const MEBIBYTE = 1024 ** 2;

vi.setConfig({ testTimeout: 600_000 });

describeDriverConformance('sqlite', {
  describe,
  it,
  async createDriver() {
    const directory = await createTemporaryDirectory();
    const driver = SqliteDriver.open(join(directory.path, 'files.db'));
    return {
      driver,
      async cleanUp() {
        driver[Symbol.dispose]();
        await directory.remove();
      },
    };
  },
  supports: { redirects: 'a database has no server' },
  largeFileBytes: Number(process.env['LARGE_FILE_MIB'] ?? 256) * MEBIBYTE,
});

describe('SqliteDriver', () => {
  it('finds an upload again that was closed before a restart', async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'files.db');
    {
      using driver = SqliteDriver.open(file);
      await using writer = await driver.openWriter('/upload');
      await writer.write(Buffer.from('hello, '));
    }
    using driver = SqliteDriver.open(file);
    await using writer = await driver.openWriter('/upload', { append: true });
    await writer.write(Buffer.from('world'));
    await writer.commit();
    expect(Buffer.from(await driver.getContent('/upload')).toString()).toBe('hello, world');
  });

  it('is busy while another process writes', async () => {
    await using directory = await createTemporaryDirectory();
    const file = join(directory.path, 'files.db');
    using driver = SqliteDriver.open(file, 0);
    using other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(driver.putContent('/file', Buffer.alloc(1))).rejects.toMatchObject({
      code: 'BUSY',
      operation: 'putContent',
    });
    other.exec('ROLLBACK');
    await driver.putContent('/file', Buffer.alloc(1));
  });

  it('fails a reader whose large file is replaced, rather than mix two contents', async () => {
    await using directory = await createTemporaryDirectory();
    using driver = SqliteDriver.open(join(directory.path, 'files.db'));
    await driver.putContent('/file', Buffer.alloc(8 * MEBIBYTE, 'a'));
    const reader = await driver.openReader('/file');
    await driver.putContent('/file', Buffer.alloc(8 * MEBIBYTE, 'b'));
    await expect(reader.toArray()).rejects.toMatchObject({ code: 'FAILED', path: '/file' });
  });

  it('lets one of two writers that append to one file win, whole', async () => {
    await using directory = await createTemporaryDirectory();
    using driver = SqliteDriver.open(join(directory.path, 'files.db'));
    await using first = await driver.openWriter('/file', { append: true });
    await using second = await driver.openWriter('/file', { append: true });
    await first.write(Buffer.from('first'));
    await second.write(Buffer.from('second'));
    await first.commit();
    await expect(second.commit()).rejects.toMatchObject({ code: 'FAILED', operation: 'commit' });
    expect(Buffer.from(await driver.getContent('/file')).toString()).toBe('first');
  });
});
