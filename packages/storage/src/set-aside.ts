import type { OperationOptions } from '@purser/core';
import { DriverError, parentOfPath, ROOT_PATH, type StorageDriver } from '@purser/storage-driver';
import { QUARANTINE } from './paths.ts';

/** Moves what stands at a path, a file or a directory with all that is in it, below another. */
export async function moveTree(
  driver: StorageDriver,
  path: string,
  { target, ...options }: OperationOptions & { readonly target: string },
): Promise<void> {
  const info = await driver.stat(path, options);
  if (info?.isDirectory !== true) return driver.move(path, target, options);
  for await (const entry of driver.walk(path, options)) {
    if (entry.isDirectory) continue;
    await driver.move(entry.path, target + entry.path.slice(path.length), options);
  }
  await driver.delete(path, options).catch((error: unknown) => {
    if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
  });
}

/**
 * Writes a file. A directory in its place, or a file in the place of a directory above it, was never written by a
 * registry: it is put into quarantine, since it would keep this push and every other from the path.
 */
export async function writeOver<T>(
  driver: StorageDriver,
  path: string,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const isBlocked = DriverError.is(error, 'NOT_A_FILE', 'NOT_A_DIRECTORY');
    const obstacle = isBlocked ? await obstacleAt(driver, path) : undefined;
    if (obstacle === undefined) throw error;
    await moveTree(driver, obstacle, { target: `${QUARANTINE}/${Date.now()}${obstacle}` });
    return write();
  }
}

async function obstacleAt(driver: StorageDriver, path: string): Promise<string | undefined> {
  if ((await driver.stat(path))?.isDirectory === true) return path;
  for (let above = parentOfPath(path); above !== ROOT_PATH; above = parentOfPath(above)) {
    const info = await driver.stat(above);
    if (info !== undefined) return info.isDirectory ? undefined : above;
  }
  return undefined;
}
