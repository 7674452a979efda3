import type { RepositoryName } from '@purser/core';
import { DriverError, parentOfPath, type StorageDriver } from '@purser/storage-driver';
import { manifestsPath, repositoryPath } from '../paths.ts';

/** A file that is there for a moment, since a driver takes the directories that it empties with the last file. */
const LAST_FILE = 'empty';

/**
 * Takes the directories that distribution left of manifests which it deleted, so that a repository without any leaves
 * the catalog. Nothing that holds a file is touched, and a directory that gets one at this moment stays, or is made again
 * by whoever writes it. Where a store keeps no empty directories there is nothing to do.
 */
export async function removeEmptyDirectories(
  driver: StorageDriver,
  name: RepositoryName,
): Promise<void> {
  for (const directory of await emptyDirectories(driver, manifestsPath(repositoryPath(name)))) {
    const file = `${directory}/${LAST_FILE}`;
    await driver.putContent(file, Buffer.alloc(0), { durable: false });
    await driver.delete(file);
  }
}

/** The innermost directories of a tree without files; none when there is a file. */
async function emptyDirectories(driver: StorageDriver, root: string): Promise<ReadonlySet<string>> {
  const innermost = new Set<string>();
  try {
    for await (const { path, name, isDirectory } of driver.walk(root)) {
      // A collector that died between the two steps left one.
      if (!isDirectory && name !== LAST_FILE) return new Set();
      innermost.delete(parentOfPath(path));
      innermost.add(isDirectory ? path : parentOfPath(path));
    }
  } catch (error) {
    if (DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) return new Set();
    throw error;
  }
  return innermost.size > 0 ? innermost : new Set([root]);
}
