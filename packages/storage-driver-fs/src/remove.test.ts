import { mkdirSync, writeFileSync } from 'node:fs';
import { lstat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTemporaryDriver } from './fixtures/temporary-root.ts';

/** A directory with many children, each a directory with a file in it. */
async function wideTree(children = 300) {
  const { driver, root: rootDirectory } = await createTemporaryDriver();
  for (let index = 0; index < children; index++) {
    const directory = join(rootDirectory, 'wide', `child-${index}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'link'), 'text');
  }
  return { rootDirectory, driver };
}

/** Highest number of requests that the process has open at one time, while something runs. */
async function mostRequestsDuring(work: Promise<void>): Promise<number> {
  let most = 0;
  let isOver = false;
  const ended = work.finally(() => (isOver = true));
  while (!isOver) {
    const requests = process.getActiveResourcesInfo().filter((name) => name.startsWith('FSReq'));
    most = Math.max(most, requests.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await ended;
  return most;
}

describe('the removal of a directory, against unbounded lists', () => {
  it('keeps few requests open, however many children the directory has', async () => {
    const { driver } = await wideTree(1500);
    expect(await mostRequestsDuring(driver.delete('/wide'))).toBeLessThan(100);
    expect(await driver.stat('/wide')).toBeUndefined();
  });

  it('ends early when its caller aborts it', async () => {
    const { driver } = await wideTree();
    const stop = new AbortController();
    const removal = driver.delete('/wide', { signal: stop.signal });
    setImmediate(() => stop.abort(new Error('no longer wanted')));
    await expect(removal).rejects.toThrow('no longer wanted');
    expect(await driver.stat('/wide')).toBeDefined();
    await driver.delete('/wide');
    expect(await driver.stat('/wide')).toBeUndefined();
  });

  it('removes a symbolic link in it and keeps the target', async () => {
    const { rootDirectory, driver } = await wideTree();
    await driver.putContent('/kept/file', Buffer.from('kept'));
    await symlink(join(rootDirectory, 'kept'), join(rootDirectory, 'wide', 'pointer'));
    await driver.delete('/wide');
    await expect(lstat(join(rootDirectory, 'wide'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await driver.getContent('/kept/file')).toEqual(Buffer.from('kept'));
  });

  it('loses nothing that is written there at the same time', async () => {
    const { driver } = await wideTree();
    const removals = Promise.allSettled([driver.delete('/wide'), driver.delete('/wide')]);
    await driver.putContent('/wide-not/file', Buffer.from('kept'));
    await removals;
    expect(await driver.stat('/wide')).toBeUndefined();
    expect(await driver.getContent('/wide-not/file')).toEqual(Buffer.from('kept'));
  });
});
