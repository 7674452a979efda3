import { lstat, rm, unlink } from 'node:fs/promises';
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
