import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { joinPath, type FileInfo } from '@purser/storage-driver';
import { isTemporaryName } from './atomic-write.ts';
import { isErrno } from './errno.ts';

export interface AbandonedSearch {
  /** The directory in the file system. */
  readonly directory: string;
  /** Its path in the driver. */
  readonly path: string;
  readonly before: Date;
  readonly signal: AbortSignal | undefined;
}

/** Temporary files that were last written before a moment, in a directory and below it. Symbolic links are not followed. */
export async function* findAbandoned(search: AbandonedSearch): AsyncGenerator<FileInfo, void> {
  const { directory, path, before, signal } = search;
  for await (const child of childrenOf(directory)) {
    signal?.throwIfAborted();
    const found = { directory: join(directory, child.name), path: joinPath(path, child.name) };
    if (child.isDirectory()) yield* findAbandoned({ ...search, ...found });
    else if (child.isFile() && isTemporaryName(child.name)) yield* ifOlder(found, before);
  }
}

async function* ifOlder(
  { directory: file, path }: Pick<AbandonedSearch, 'directory' | 'path'>,
  before: Date,
): AsyncGenerator<FileInfo, void> {
  const stats = await stat(file).catch(ignoreMissing);
  if (stats === undefined || stats.mtime >= before) return;
  yield { path, isDirectory: false, size: stats.size, modifiedAt: stats.mtime };
}

async function* childrenOf(directory: string): AsyncGenerator<Dirent, void> {
  try {
    yield* await opendir(directory);
  } catch (error) {
    ignoreMissing(error);
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
}
