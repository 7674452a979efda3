import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareNames } from '@purser/storage-driver';
import { isTemporaryName } from './atomic-write.ts';
import { isErrno } from './errno.ts';

export interface Child {
  readonly name: string;
  readonly isDirectory: boolean;
}

/**
 * The children of a directory in byte order of their names, without half-written files. A symbolic link is what it
 * points to; one that points nowhere is left out.
 *
 * @param after Only children whose name sorts strictly after this text.
 */
export async function readChildren(
  directory: string,
  after: string | undefined,
): Promise<readonly Child[]> {
  const found = await readdir(directory, { withFileTypes: true });
  const wanted = found
    .filter(
      (entry) => isContent(entry) && (after === undefined || compareNames(entry.name, after) > 0),
    )
    .sort((a, b) => compareNames(a.name, b.name));
  const children: Child[] = [];
  for (const entry of wanted) {
    const isDirectory = entry.isSymbolicLink()
      ? await pointsToDirectory(join(directory, entry.name))
      : entry.isDirectory();
    if (isDirectory !== undefined) children.push({ name: entry.name, isDirectory });
  }
  return children;
}

/** A directory of such a name is content: a repository may have it. */
function isContent(entry: Dirent): boolean {
  return entry.isDirectory() || !isTemporaryName(entry.name);
}

async function pointsToDirectory(link: string): Promise<boolean | undefined> {
  try {
    return (await stat(link)).isDirectory();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}
