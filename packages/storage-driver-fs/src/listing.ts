import { readdir, type Dirent } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareNames, type Entry } from '@purser/storage-driver';
import { isTemporaryName } from './atomic-write.ts';
import { isErrno } from './errno.ts';

/** The children of a directory, in byte order of their names. */
export interface Children {
  readonly names: readonly string[];
  /** 1 for each name that is a directory, or a symbolic link to one. */
  readonly directories: Uint8Array;
  /** Whether a child is a symbolic link, whose target can change without a change of the directory. */
  readonly hasLinks: boolean;
}

/** Entries of the first page, most of which a caller who wants few throws away, and of the largest one. */
const FIRST_PAGE = 128;
const LARGEST_PAGE = 1024;

/**
 * Reads the children of a directory, without half-written files. A symbolic link is what it points to; one that points
 * nowhere is left out.
 */
export async function readChildren(directory: string): Promise<Children> {
  const found = await readDirents(directory);
  found.sort((a, b) => compareNames(a.name, b.name));
  const names: string[] = [];
  const directories = new Uint8Array(found.length);
  let hasLinks = false;
  for (const child of found) {
    if (!isContent(child)) continue;
    let isDirectory: boolean | undefined = child.isDirectory();
    if (child.isSymbolicLink()) {
      hasLinks = true;
      isDirectory = await pointsToDirectory(join(directory, child.name));
      if (isDirectory === undefined) continue;
    }
    if (isDirectory) directories[names.length] = 1;
    names.push(child.name);
  }
  return { names, directories, hasLinks };
}

function readDirents(directory: string): Promise<Dirent[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Dirent[]>();
  // Costs less than the one of `node:fs/promises`.
  readdir(directory, { withFileTypes: true }, (error, found) => {
    if (error === null) resolve(found);
    else reject(error);
  });
  return promise;
}

/**
 * Makes pages of entries, each larger than the one before. Only entries that are asked for are made.
 *
 * @param range.prefix The path of the directory in the driver, with a slash at the end.
 * @param range.after Only children whose name sorts strictly after this text.
 */
export function* pagesOf(
  { names, directories }: Children,
  { prefix, after }: { readonly prefix: string; readonly after: string | undefined },
): Generator<readonly Entry[], void> {
  let start = after === undefined ? 0 : firstAfter(names, after);
  for (let size = FIRST_PAGE; start < names.length; size = Math.min(2 * size, LARGEST_PAGE)) {
    yield names.slice(start, start + size).map((name, index) => ({
      name,
      path: prefix + name,
      isDirectory: directories[start + index] === 1,
    }));
    start += size;
  }
}

/** The index of the first name that sorts after a text, by halving. */
function firstAfter(names: readonly string[], after: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareNames(names[middle]!, after) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
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
