import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bind, unmountLazily, whyNoMount } from '@purser/external-programs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FilesystemDriver } from './driver.ts';
import { mountRoot } from './fixtures/mounted-root.ts';
import { createTemporaryRoot } from './fixtures/temporary-root.ts';
import { RootDirectory } from './root-directory.ts';

const content = Buffer.from('content');
const noMount = await whyNoMount();

const CALLS: Readonly<Record<string, (driver: FilesystemDriver) => Promise<unknown>>> = {
  'putContent of a new file': (driver) => driver.putContent('/new/file', content),
  'putContent of an old file': (driver) => driver.putContent('/a/file', content),
  create: (driver) => driver.create!('/created', content),
  async openWriter(driver) {
    await using _writer = await driver.openWriter('/a/file', { append: true });
  },
  move: (driver) => driver.move('/a/file', '/b/file'),
  delete: (driver) => driver.delete('/a'),
  getContent: (driver) => driver.getContent('/a/file'),
  openReader: async (driver) => (await driver.openReader('/a/file')).destroy(),
  stat: (driver) => driver.stat('/a/file'),
  list: (driver) => firstOf(driver.list('/a')),
  walk: (driver) => firstOf(driver.walk('/')),
  listAbandoned: (driver) => firstOf(driver.listAbandoned!('/', { before: new Date() })),
};

const firstOf = (listing: AsyncIterable<unknown>) => listing[Symbol.asyncIterator]().next();

describe.skipIf(noMount !== undefined)(
  `a file system that is mounted at the root${noMount ? ` (skipped: ${noMount})` : ''}`,
  () => {
    it.each(Object.entries(CALLS))('%s fails when it went away', async (_, call) => {
      const root = await mountRoot('size=1m');
      const driver = new FilesystemDriver({ rootDirectory: root });
      await driver.putContent('/a/file', content);
      await unmountLazily(root);
      // As of a server that was started once before the disk was mounted.
      await mkdir(join(root, 'a'));
      await writeFile(join(root, 'a/file'), 'of another disk');
      // What was seen lately is believed for a second by who reads and finds something.
      vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1000);
      onTestFinished(() => void vi.restoreAllMocks());
      await expect(call(driver)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await readdir(root, { recursive: true })).toEqual(['a', 'a/file']);
    });

    it('is used again when it is back', async () => {
      const root = await mountRoot('size=1m');
      const kept = await createTemporaryRoot();
      await using _bound = await bind(root, kept);
      const driver = new FilesystemDriver({ rootDirectory: root });
      await driver.putContent('/a/file', content);
      await unmountLazily(root);
      await expect(driver.putContent('/a/other', content)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('mount what was there again') as string,
      });
      // Nothing is there: that is not taken for an answer, however lately the root was looked at.
      await expect(driver.stat('/a/file')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await using _back = await bind(kept, root);
      expect(await driver.getContent('/a/file')).toEqual(content);
      await driver.putContent('/a/other', content);
    });
  },
);

describe('a root directory', () => {
  it('that was never there is made with the first file, and not again when it is gone', async () => {
    const rootDirectory = join(await createTemporaryRoot(), 'volume', 'registry');
    const driver = new FilesystemDriver({ rootDirectory });
    expect(await driver.stat('/a')).toBeUndefined();
    await driver.putContent('/a', content);
    expect(await driver.getContent('/a')).toEqual(content);
    // As of a directory on a disk that is not mounted any more.
    const away = `${dirname(rootDirectory)}-away`;
    await rename(dirname(rootDirectory), away);
    await expect(driver.putContent('/b', content)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('is gone') as string,
    });
    await expect(driver.getContent('/a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await rename(away, dirname(rootDirectory));
    await driver.putContent('/b', content);
  });

  it('may be made anew on the same file system', async () => {
    const rootDirectory = join(await createTemporaryRoot(), 'registry');
    const driver = new FilesystemDriver({ rootDirectory });
    await driver.putContent('/a', content);
    await rm(rootDirectory, { recursive: true });
    await mkdir(rootDirectory);
    await driver.putContent('/b', content);
    expect(await readdir(rootDirectory)).toEqual(['b']);
  });

  it('is looked at once a second by all who read', async () => {
    onTestFinished(() => void vi.restoreAllMocks());
    const now = vi.spyOn(performance, 'now').mockReturnValue(5000);
    const root = new RootDirectory(await createTemporaryRoot());
    const check = vi.spyOn(root, 'check');
    await Promise.all(Array.from({ length: 10 }, () => root.checkLately()));
    now.mockReturnValue(5999);
    await root.checkLately();
    expect(check).toHaveBeenCalledTimes(1);
    now.mockReturnValue(6000);
    await root.checkLately();
    expect(check).toHaveBeenCalledTimes(2);
  });
});
