import { resolve } from 'node:path';

export interface FilesystemDriverOptions {
  /**
   * The directory below which everything is kept; made with the first file. A relative one is resolved once, when the
   * driver is made. It may be a symbolic link.
   */
  readonly rootDirectory: string;
  /**
   * The most operations at work at once; further ones wait their turn. An integer; 25 or more, lower values are
   * raised. Default 100.
   *
   * @see distribution, `storage.filesystem.maxthreads`.
   */
  readonly maxConcurrency?: number | undefined;
}

const DEFAULT_MAX_CONCURRENCY = 100;
const MINIMUM_MAX_CONCURRENCY = 25;

/** @throws TypeError when the directory is empty or holds a NUL, or the number is not an integer. */
export function resolveOptions({
  rootDirectory,
  maxConcurrency = DEFAULT_MAX_CONCURRENCY,
}: FilesystemDriverOptions): { readonly rootDirectory: string; readonly maxConcurrency: number } {
  if (rootDirectory === '' || rootDirectory.includes('\0')) {
    throw new TypeError('rootDirectory must name a directory');
  }
  if (!Number.isSafeInteger(maxConcurrency)) {
    throw new TypeError(`maxConcurrency must be an integer: ${maxConcurrency}`);
  }
  return {
    rootDirectory: resolve(rootDirectory),
    maxConcurrency: Math.max(maxConcurrency, MINIMUM_MAX_CONCURRENCY),
  };
}
