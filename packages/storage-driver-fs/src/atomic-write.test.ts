import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { entriesOf } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { isTemporaryName, temporaryNameFor } from './atomic-write.ts';
import { createTemporaryDriver } from './fixtures/temporary-root.ts';

const content = Buffer.from('content');
const TEMPORARY = 'link.0b7c6f3e-9a55-4d53-8a3c-2f1f0a4f7d11.tmp';

async function pathsOf(entries: AsyncIterable<{ readonly path: string }>): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of entries) paths.push(path);
  return paths;
}

describe('a temporary name', () => {
  it('stands beside its target, is known for what it is, and is never the same', () => {
    const name = temporaryNameFor('/data/a/link');
    expect(dirname(name)).toBe('/data/a');
    expect(basename(name)).toMatch(/^link\./);
    expect(isTemporaryName(basename(name))).toBe(true);
    expect(temporaryNameFor('/data/a/link')).not.toBe(name);
  });

  it('is one that file systems allow, however long that of the target is', () => {
    expect(basename(temporaryNameFor(`/data/${'n'.repeat(255)}`)).length).toBeLessThanOrEqual(255);
  });

  it.each(['link', 'link.tmp', '.tmp', `${TEMPORARY}.x`, 'x.0b7c6f3e.tmp'])('is not %s', (name) => {
    expect(isTemporaryName(name)).toBe(false);
  });
});

describe('a file that a crash left half-written', () => {
  it('is not listed, and goes with its directory', async () => {
    const { driver, root } = await createTemporaryDriver();
    await driver.putContent('/a/link', content);
    await writeFile(join(root, 'a', TEMPORARY), 'half');
    expect(await pathsOf(entriesOf(driver.list('/a')))).toEqual(['/a/link']);
    expect(await pathsOf(driver.walk('/'))).toEqual(['/a', '/a/link']);
    await driver.delete('/a');
    expect(await readdir(root)).toEqual([]);
  });

  it('cannot be mistaken for content, for none is taken under such a name', async () => {
    const { driver } = await createTemporaryDriver();
    const path = `/a/${TEMPORARY}`;
    await driver.putContent('/file', content);
    for (const call of [
      () => driver.putContent(path, content),
      () => driver.openWriter(path),
      () => driver.move('/file', path),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'PATH_INVALID', path });
    }
  });

  it('does not hide a directory of such a name: a repository may have it', async () => {
    const { driver } = await createTemporaryDriver();
    await driver.putContent(`/${TEMPORARY}/link`, content);
    expect(await pathsOf(driver.walk('/'))).toEqual([`/${TEMPORARY}`, `/${TEMPORARY}/link`]);
  });
});

describe('writing while others delete the directory', () => {
  it('makes the directory again', async () => {
    const { driver } = await createTemporaryDriver();
    let isOver = false;
    const deleting = (async () => {
      while (!isOver) await driver.delete('/d').catch(() => {});
    })();
    const failures: unknown[] = [];
    for (let count = 0; count < 200; count++) {
      await driver
        .putContent(`/d/a/b/${count}`, content, { durable: false })
        .catch((error: unknown) => failures.push(error));
    }
    isOver = true;
    await deleting;
    expect(failures).toEqual([]);
  });
});

describe('symbolic links below the root', () => {
  it('are followed by whoever reads or lists, and replaced by whoever puts', async () => {
    const { driver, root } = await createTemporaryDriver();
    await mkdir(join(root, 'elsewhere'));
    await writeFile(join(root, 'elsewhere', 'file'), 'linked');
    await symlink('elsewhere', join(root, 'directory'));
    await symlink('elsewhere/file', join(root, 'link'));
    await symlink('nowhere', join(root, 'broken'));
    expect(await pathsOf(driver.walk('/'))).toEqual([
      '/directory',
      '/directory/file',
      '/elsewhere',
      '/elsewhere/file',
      '/link',
    ]);
    expect((await driver.getContent('/link')).toString()).toBe('linked');
    await driver.putContent('/link', content);
    await driver.delete('/directory');
    expect((await driver.getContent('/elsewhere/file')).toString()).toBe('linked');
  });

  it('stay when the directory that they lead to is emptied', async () => {
    const { driver, root } = await createTemporaryDriver();
    await mkdir(join(root, 'elsewhere'));
    await symlink('elsewhere', join(root, 'directory'));
    await driver.putContent('/directory/below/file', content);
    await driver.delete('/directory/below/file');
    expect(await driver.stat('/directory/below')).toBeUndefined();
    expect(await readdir(root)).toEqual(['directory', 'elsewhere']);
  });

  it('may be the root itself', async () => {
    const { driver, root } = await createTemporaryDriver();
    await mkdir(join(root, 'real'));
    await symlink('real', join(root, 'root'));
    await driver.putContent('/root/file', content);
    expect(await driver.getContent('/real/file')).toEqual(content);
  });
});
