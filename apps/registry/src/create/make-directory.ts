import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory and those above it, where they are missing. The option `recursive` of Node.js never ends in a place
 * that can hold no directories, such as `/proc`, and reports a read-only file system as a missing directory.
 *
 * @param mode Permissions of new directories. Default: those of the process.
 * @throws The error of the file system.
 */
export async function makeDirectory(directory: string, mode?: number): Promise<void> {
  const parent = dirname(directory);
  try {
    return await makeOne(directory, mode);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || parent === directory) throw error;
  }
  await makeDirectory(parent, mode);
  try {
    await makeOne(directory, mode);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new Error(`${parent} cannot hold a directory`, { cause: error });
  }
}

/** Accepts an existing directory, whatever the system says about making it. */
async function makeOne(directory: string, mode: number | undefined): Promise<void> {
  try {
    await mkdir(directory, mode);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || !(await isDirectory(directory))) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
