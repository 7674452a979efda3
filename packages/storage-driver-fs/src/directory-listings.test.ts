import { mkdir, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { entriesOf } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import {
  DirectoryListings,
  readDirectoryState,
  type DirectoryReads,
} from './directory-listings.ts';
import { createTemporaryDriver, createTemporaryRoot } from './fixtures/temporary-root.ts';
import { readChildren } from './listing.ts';

/** Longer than the ticks by which file systems stamp directories. */
const SETTLED_MS = 150;

async function largeDirectory(count = 300): Promise<string> {
  const directory = await createTemporaryRoot();
  const names = Array.from({ length: count }, (_, index) => `n${1000 + index}`);
  await Promise.all(names.map((name) => mkdir(join(directory, name))));
  return directory;
}

function countingListings(overrides: Partial<DirectoryReads> = {}) {
  const counts = { reads: 0 };
  const listings = new DirectoryListings({
    readChildren(directory) {
      counts.reads++;
      return readChildren(directory);
    },
    readState: readDirectoryState,
    ...overrides,
  });
  return { listings, counts };
}

describe('costly requests: listings of a large directory', () => {
  it('reads an unchanged directory once', async () => {
    const directory = await largeDirectory();
    await wait(SETTLED_MS);
    const { listings, counts } = countingListings();
    for (let call = 0; call < 5; call++) {
      expect((await listings.childrenOf(directory)).names).toHaveLength(300);
    }
    expect(counts.reads).toBe(1);
  });

  it.each([
    ['an added child', (directory: string) => mkdir(join(directory, 'new'))],
    ['a removed child', (directory: string) => rm(join(directory, 'n1000'), { recursive: true })],
    [
      'a renamed child',
      (directory: string) => rename(join(directory, 'n1000'), join(directory, 'new')),
    ],
    [
      'a file in place of a directory',
      async (directory: string) => {
        await rm(join(directory, 'n1000'), { recursive: true });
        await writeFile(join(directory, 'n1000'), '');
      },
    ],
  ])('shows %s at once', async (_what, change) => {
    const directory = await largeDirectory();
    await wait(SETTLED_MS);
    const { listings } = countingListings();
    await listings.childrenOf(directory);
    await change(directory);
    const { names, directories } = await listings.childrenOf(directory);
    expect(names).toEqual((await readdir(directory)).toSorted());
    expect([...directories]).toEqual([...(await readChildren(directory)).directories]);
  });

  it('shows each of many changes in quick succession', async () => {
    const directory = await largeDirectory();
    const { listings } = countingListings();
    for (let index = 0; index < 100; index++) {
      await mkdir(join(directory, `z${1000 + index}`));
      expect((await listings.childrenOf(directory)).names).toHaveLength(301 + index);
    }
  });

  it('does not trust whole seconds that are not long ago', async () => {
    const directory = await largeDirectory();
    const { listings, counts } = countingListings({
      readState: async () => ({
        dev: 1n,
        ino: 1n,
        mtimeNs: BigInt(Math.floor(Date.now() / 1000) - 1) * 1_000_000_000n,
        ctimeNs: 0n,
      }),
    });
    await listings.childrenOf(directory);
    await listings.childrenOf(directory);
    expect(counts.reads).toBe(2);
  });

  it('shows a change that kept the modification time', async () => {
    const directory = await largeDirectory();
    const time = new Date(Date.now() - 60_000);
    await utimes(directory, time, time);
    await wait(SETTLED_MS);
    const { listings } = countingListings();
    await listings.childrenOf(directory);
    await mkdir(join(directory, 'new'));
    await utimes(directory, time, time);
    expect((await listings.childrenOf(directory)).names).toContain('new');
  });

  it('reads again where symbolic links may change their targets', async () => {
    const directory = await largeDirectory();
    await symlink(join(directory, 'n1000'), join(directory, 'link'));
    await wait(SETTLED_MS);
    const { listings, counts } = countingListings();
    await listings.childrenOf(directory);
    await listings.childrenOf(directory);
    expect(counts.reads).toBe(2);
  });

  it('fails once the directory is gone', async () => {
    const directory = await largeDirectory();
    await wait(SETTLED_MS);
    const { listings } = countingListings();
    await listings.childrenOf(directory);
    await rm(directory, { recursive: true });
    await expect(listings.childrenOf(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps a bounded number of names', async () => {
    const counts = { reads: 0 };
    const names = Array.from({ length: 200_000 }, (_, index) => `n${index}`);
    const { listings } = countingListings({
      async readChildren() {
        counts.reads++;
        return { names, directories: new Uint8Array(names.length), hasLinks: false };
      },
      readState: async () => ({ dev: 1n, ino: 1n, mtimeNs: 1n, ctimeNs: 1n }),
    });
    for (const directory of ['/a', '/b', '/a', '/b']) await listings.childrenOf(directory);
    expect(counts.reads).toBe(2);
    for (const directory of ['/c', '/a']) await listings.childrenOf(directory);
    expect(counts.reads).toBe(4);
  });
});

describe('costly requests: large directories', () => {
  it('are read one at a time once they are known', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
    let running = 0;
    let most = 0;
    const { listings } = countingListings({
      async readChildren() {
        most = Math.max(most, ++running);
        await wait(1);
        running--;
        return { names, directories: new Uint8Array(names.length), hasLinks: true };
      },
    });
    const directories = ['/a', '/b', '/c', '/d'];
    await Promise.all(directories.map((directory) => listings.childrenOf(directory)));
    most = 0;
    await Promise.all(directories.map((directory) => listings.childrenOf(directory)));
    expect(most).toBe(1);
  });
});

describe('costly requests: concurrent listings of one directory', () => {
  it('share a read that begins after all of them', async () => {
    const directory = await largeDirectory(10);
    const { listings, counts } = countingListings();
    const first = listings.childrenOf(directory);
    await mkdir(join(directory, 'new'));
    const later = await Promise.all(
      Array.from({ length: 50 }, () => listings.childrenOf(directory)),
    );
    await first;
    expect(counts.reads).toBeLessThanOrEqual(3);
    for (const { names } of later) expect(names).toContain('new');
  });

  it('do not fail for the failure of an earlier one', async () => {
    const directory = await largeDirectory(10);
    let calls = 0;
    const { listings } = countingListings({
      readChildren: (path) =>
        ++calls === 1 ? Promise.reject(new Error('first')) : readChildren(path),
    });
    const first = listings.childrenOf(directory);
    const second = listings.childrenOf(directory);
    await expect(first).rejects.toThrow('first');
    expect((await second).names).toHaveLength(10);
  });
});

describe('costly requests: pages of a large directory', () => {
  it('hold each entry once, in order, from wherever they start', async () => {
    const { driver } = await createTemporaryDriver();
    const names = Array.from({ length: 700 }, (_, index) => `n${1000 + index}`);
    for (const name of names) {
      await driver.putContent(`/d/${name}`, Buffer.from(''), { durable: false });
    }
    const list = async (after?: string) => {
      const found: string[] = [];
      for await (const { name } of entriesOf(driver.list('/d', { after }))) found.push(name);
      return found;
    };
    expect(await list()).toEqual(names);
    expect(await list('n1349')).toEqual(names.slice(350));
    expect(await list('n13495')).toEqual(names.slice(350));
    expect(await list('n2')).toEqual([]);
  });

  it('make few entries for the first', async () => {
    const { driver } = await createTemporaryDriver();
    for (let index = 0; index < 500; index++) {
      await driver.putContent(`/d/n${1000 + index}`, Buffer.from(''), { durable: false });
    }
    for await (const page of driver.list('/d')) {
      expect(page.length).toBeLessThanOrEqual(128);
      break;
    }
  });
});
