import { comparePaths, isPathName, type Entry } from '@purser/storage-driver';
import { objectPages, refuseMissing, type Directory } from './listing.ts';

export interface WalkObjectsOptions {
  readonly signal: AbortSignal | undefined;
  /** Walks on after a path, one directory at a time. */
  readonly walkAfter: (path: string) => AsyncIterable<Entry>;
}

/**
 * Paths that may be held back while directories that come before them are still to come from the bucket, which sorts
 * `a-b` before `a/b`. With more, the walk goes on directory by directory: 2 MB or so are enough.
 */
const MAXIMUM_HELD = 10_000;

/**
 * Walks everything below a directory with one listing of its objects, however many directories they are in.
 *
 * @throws Refusal as `listChildren`.
 */
export async function* walkObjects(
  { bucket, prefix, pathPrefix }: Directory,
  { signal, walkAfter }: WalkObjectsOptions,
): AsyncGenerator<Entry, void> {
  let held: string[] = [];
  let isEmpty = true;
  let last = pathPrefix;
  for await (const { keys, nextPageToken } of objectPages(bucket, { prefix }, signal)) {
    isEmpty &&= keys.length === 0;
    const paths = keys.map((key) => key.slice(prefix.length)).filter(isRelativePath);
    const waiting = [...held, ...paths].sort(comparePaths);
    const end = nextPageToken === undefined ? undefined : keys.at(-1)?.slice(prefix.length);
    held = end === undefined ? [] : waiting.filter((path) => isBeforeItsTurn(path, end));
    const isHeld = new Set(held);
    for (const path of waiting) {
      if (isHeld.has(path)) continue;
      yield* entriesTo(pathPrefix + path, last);
      last = pathPrefix + path;
    }
    if (held.length > MAXIMUM_HELD) return yield* walkAfter(last);
  }
  if (isEmpty) await refuseMissing(bucket, prefix, { signal, after: undefined });
}

function isRelativePath(path: string): boolean {
  return path.split('/').every(isPathName);
}

/** Whether something may still come from a bucket, read as far as `end`, that belongs before a path. */
function isBeforeItsTurn(path: string, end: string): boolean {
  let index = 0;
  while (index < path.length && path[index] === end[index]) index++;
  if (/[-.]/.test(end.slice(0, index))) return true;
  const here = path[index];
  const there = end[index];
  return (here === '-' || here === '.') && (there === '.' || there === '/');
}

/** The directories that a walk enters on its way from one path to a file, and the file. */
function* entriesTo(path: string, last: string): Generator<Entry, void> {
  let shared = 0;
  while (shared < path.length && path[shared] === last[shared]) shared++;
  // Where the last path ends, a slash is the beginning of a directory that was not entered yet.
  for (let at = path.indexOf('/', shared); at !== -1; at = path.indexOf('/', at + 1)) {
    yield entryAt(path.slice(0, at), true);
  }
  yield entryAt(path, false);
}

function entryAt(path: string, isDirectory: boolean): Entry {
  return { name: path.slice(path.lastIndexOf('/') + 1), path, isDirectory };
}
