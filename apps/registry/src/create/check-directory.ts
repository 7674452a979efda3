import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Checks that a directory can be read and written, or that it could be made. Nothing is made.
 *
 * @throws The error of the file system: the one that making it or writing to it would fail with.
 */
export async function checkDirectory(path: string): Promise<void> {
  if (await exists(path)) {
    return access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  }
  let ancestor = dirname(resolve(path));
  while (!(await exists(ancestor))) ancestor = dirname(ancestor);
  await access(ancestor, constants.W_OK | constants.X_OK);
}

async function exists(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  throw Object.assign(new Error(`${path} is not a directory`), { code: 'EEXIST' });
}
