import type { DriverErrorCode } from './errors.ts';

/** The directory that holds everything. No file can stand there: only `stat`, `list` and `walk` take it. */
export const ROOT_PATH = '/';

/** The longest path in characters; what Linux can name. A backend may stop earlier. */
export const MAXIMUM_PATH_LENGTH = 4096;

// One class and one quantifier: nothing to back-track over.
const NAME = /^[A-Za-z0-9._-]+$/;

/**
 * Whether a text can name one child of a directory: letters, digits, `.`, `_` and `-`, at least one, and not `.` or
 * `..`. The last two match the expression of distribution. A backend with real directories would take `/a/../b` out
 * of its root, and one without would keep a file that the other cannot: no driver gets to see them.
 *
 * @see distribution, registry/storage/driver/storagedriver.go, `PathRegexp`.
 */
export function isPathName(text: string): boolean {
  return NAME.test(text) && text !== '.' && text !== '..';
}

/**
 * Whether a file can be kept under a path: one or more names, each after a slash, at most `MAXIMUM_PATH_LENGTH`
 * characters together. `/` is no such path.
 */
export function isFilePath(path: string): boolean {
  return faultOfPath(path) === undefined;
}

/** What is wrong with the path of a file: `PATH_INVALID` or `PATH_TOO_LONG`; `undefined` when nothing is. */
export function faultOfPath(path: string): DriverErrorCode | undefined {
  // The length comes first: it bounds the rest.
  if (path.length > MAXIMUM_PATH_LENGTH) return 'PATH_TOO_LONG';
  if (!path.startsWith(ROOT_PATH)) return 'PATH_INVALID';
  return path.slice(1).split('/').every(isPathName) ? undefined : 'PATH_INVALID';
}

/** The path of something below a directory: `joinPath('/', 'a', 'b')` is `/a/b`. The names are not checked. */
export function joinPath(directory: string, ...names: readonly string[]): string {
  return [directory === ROOT_PATH ? '' : directory, ...names].join('/');
}

/** The directory that holds a path: `/a` for `/a/b`, and `/` for `/a` and for itself. */
export function parentOfPath(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1));
}

/** The last name of a path: `b` for `/a/b`; empty for `/`. */
export function nameOfPath(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Orders the names of siblings by their bytes. One of the two may be any text.
 *
 * @returns Negative, 0 or positive, for `sort`.
 */
export function compareNames(a: string, b: string): number {
  // The order of UTF-16 units is that of UTF-8 bytes as soon as one side is ASCII, as every name is.
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Orders paths as `walk` meets them: name by name, a directory before what is in it: `/a`, `/a/b`, `/a-b`. One of the
 * two may be any text.
 *
 * @returns Negative, 0 or positive, for `sort`.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let index = 0;
  while (index < length && a[index] === b[index]) index++;
  if (index === length) return a.length - b.length;
  if (a[index] === '/') return -1;
  if (b[index] === '/') return 1;
  return compareNames(a.slice(index), b.slice(index));
}
