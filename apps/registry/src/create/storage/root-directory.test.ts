import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createConfig } from '../../config/load.ts';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { prepareRootDirectory } from './root-directory.ts';

const filesystem = (rootdirectory: string, readonly = false) =>
  createConfig({
    storage: { filesystem: { rootdirectory }, maintenance: { readonly: { enabled: readonly } } },
  }).storage;

describe('prepareRootDirectory', () => {
  it('makes the directory with its parents, or takes the one that is there', async () => {
    await using directory = await createTemporaryDirectory();
    const root = join(directory.path, 'a/b');
    await prepareRootDirectory(filesystem(root));
    await prepareRootDirectory(filesystem(root));
    expect((await stat(root)).isDirectory()).toBe(true);
  });

  it.each([
    ['file', 'it is not a directory'],
    ['file/below', 'a part of the path is not a directory'],
    ['x'.repeat(300), 'the path is too long'],
  ])('refuses %s for a reason and with a way out', async (name, reason) => {
    await using directory = await createTemporaryDirectory();
    await writeFile(join(directory.path, 'file'), '');
    const root = join(directory.path, name);
    const failure = prepareRootDirectory(filesystem(root));
    await expect(failure).rejects.toMatchObject({ name: 'StartError' });
    await expect(failure).rejects.toThrow(
      `cannot keep content in ${root}: ${reason}; choose another directory with storage.filesystem.rootdirectory`,
    );
  });

  it.skipIf(process.platform !== 'linux')(
    'refuses a place that can hold no directories',
    async () => {
      await expect(prepareRootDirectory(filesystem('/proc/registry/data'))).rejects.toThrow(
        'cannot keep content in /proc/registry/data: /proc cannot hold a directory; choose',
      );
    },
  );

  it('has nothing to do for content in memory', async () => {
    await expect(
      prepareRootDirectory(createConfig({ storage: 'inmemory' }).storage),
    ).resolves.toBeUndefined();
  });

  it('makes nothing for a registry that is read-only, and misses what is not there', async () => {
    await using directory = await createTemporaryDirectory();
    const root = join(directory.path, 'a');
    const failure = prepareRootDirectory(filesystem(root, true));
    await expect(failure).rejects.toThrow(`cannot keep content in ${root}: it does not exist`);
    await expect(stat(root)).rejects.toThrow('ENOENT');
    await prepareRootDirectory(filesystem(directory.path, true));
  });
});
