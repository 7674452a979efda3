import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareNames, type Entry } from '@purser/storage-driver';
import { isTemporaryName } from './atomic-write.ts';
import { isErrno } from './errno.ts';

export interface Listing {
  /** The directory in the file system. */
  readonly directory: string;
  /** Its path in the driver, with a slash at the end. */
  readonly prefix: string;
  /** Only children whose name sorts strictly after this text. */
  readonly after: string | undefined;
}

/**
 * The children of a directory in byte order of their names, without half-written files. A symbolic link is what it
 * points to; one that points nowhere is left out.
 */
export async function readChildren({
  directory,
  prefix,
  after,
}: Listing): Promise<readonly Entry[]> {
  const found = await readdir(directory, { withFileTypes: true });
  found.sort((a, b) => compareNames(a.name, b.name));
  const entries: Entry[] = [];
  for (const child of found) {
    const { name } = child;
    if ((after !== undefined && compareNames(name, after) <= 0) || !isContent(child)) continue;
    const isDirectory = child.isSymbolicLink()
      ? await pointsToDirectory(join(directory, name))
      : child.isDirectory();
    if (isDirectory !== undefined) entries.push({ name, path: prefix + name, isDirectory });
  }
  return entries;
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
