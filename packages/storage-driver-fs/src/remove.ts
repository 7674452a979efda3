import { lstat, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from './errno.ts';

/** How often a directory is tried again that others put something into meanwhile. */
const MAXIMUM_RETRIES = 3;

/** Removes a file, or a directory with everything below it. Of a symbolic link, only the link. */
export async function removeTree(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(await isOfDirectory(error, path))) throw error;
    await rm(path, { recursive: true, maxRetries: MAXIMUM_RETRIES });
  }
}

/**
 * Removes the directories above a path that are empty, below a root, which stays. A directory that gets a file at this
 * moment either stays or is made again by whoever writes: see `inDirectory`.
 *
 * Never fails: what the caller removed is gone, and an empty directory that cannot be removed does no harm.
 */
export async function removeEmptyParents(path: string, root: string): Promise<void> {
  for (let at = dirname(path); at.length > root.length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

/** Whether `unlink` failed because a directory stands there. POSIX says `EPERM`, and so does macOS; Linux `EISDIR`. */
async function isOfDirectory(error: unknown, path: string): Promise<boolean> {
  if (isErrno(error, 'EISDIR')) return true;
  return isErrno(error, 'EPERM') && (await lstat(path)).isDirectory();
}

export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
