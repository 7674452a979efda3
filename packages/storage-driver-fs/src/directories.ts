import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Refusal } from '@purser/storage-driver';
import { isErrno } from './errno.ts';

/**
 * How often something is tried again that failed because its directory was missing. Once is enough but for whoever
 * deletes the same directory over and over.
 */
const MAXIMUM_ATTEMPTS = 10;

/**
 * Does something in a directory, and makes the directory first when that turns out to be necessary.
 *
 * @param work Fails with `ENOENT` when the directory is missing; then it is called again.
 * @returns What the work gave, and the directories in which a name came into being, for `syncDirectories`.
 * @throws Refusal `BUSY` when the directory vanishes each time.
 */
export async function inDirectory<T>(
  directory: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly changed: readonly string[] }> {
  const changed = new Set([directory]);
  let cause: unknown;
  for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt++) {
    try {
      return { result: await work(), changed: [...changed] };
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      cause = error;
    }
    for (const parent of await makeDirectory(directory)) changed.add(parent);
  }
  throw new Refusal('BUSY', { message: 'the directory keeps vanishing', cause });
}

/**
 * Makes a directory and those above it. Not with the option `recursive`, which says `ENOENT` on a read-only file system.
 *
 * @returns The directories in which a name came into being, the innermost first.
 */
async function makeDirectory(directory: string): Promise<readonly string[]> {
  const parent = dirname(directory);
  try {
    return await makeOne(directory);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || parent === directory) throw error;
  }
  const changed = await makeDirectory(parent);
  try {
    return [...(await makeOne(directory)), ...changed];
  } catch (error) {
    // The parent was deleted meanwhile: whoever needs the directory finds out, and comes again.
    if (isErrno(error, 'ENOENT')) return changed;
    throw error;
  }
}

/** What is there already may be a file: that shows when something is made in it. */
async function makeOne(directory: string): Promise<readonly string[]> {
  try {
    await mkdir(directory);
    return [dirname(directory)];
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return [];
    throw error;
  }
}

/**
 * Makes the names in some directories survive a loss of power. One that vanished meanwhile holds none.
 *
 * A directory that another call made is not synced here beyond its own entries; journalling file systems keep the
 * order of such changes.
 */
export async function syncDirectories(directories: readonly string[]): Promise<void> {
  // Windows opens no directories.
  if (process.platform === 'win32') return;
  await Promise.all(directories.map(syncDirectory));
}

async function syncDirectory(directory: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(directory, 'r');
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot sync a directory; there is nothing else to do on them.
    if (!isErrno(error, 'ENOENT', 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    await handle?.close();
  }
}
