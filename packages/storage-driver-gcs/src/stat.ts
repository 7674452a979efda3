import { type FileInfo } from '@purser/storage-driver';
import type { Bucket } from './bucket.ts';
import { isDirectory } from './listing.ts';
import { parseStoredUpload, UPLOAD_CONTENT_TYPE } from './stored-upload.ts';

/** What is asked about, by its path and by the name of its object; `undefined` for the root. */
export interface StatPlace {
  readonly path: string;
  readonly key: string | undefined;
  /** What the objects below begin with. */
  readonly prefix: string;
}

export interface StatContext {
  readonly signal: AbortSignal | undefined;
  /** A directory is not looked for. */
  readonly isFileMeant: boolean;
}

/** A file by its object; a directory by one that is below. Of an unfinished upload, the bytes that were accepted. */
export async function statObject(
  bucket: Bucket,
  { path, key, prefix }: StatPlace,
  { signal, isFileMeant }: StatContext,
): Promise<FileInfo | undefined> {
  const object = key === undefined ? undefined : await bucket.stat(key, signal);
  if (object === undefined) {
    if (isFileMeant || !(await isDirectory(bucket, prefix, signal))) return undefined;
    return { path, isDirectory: true, size: 0, modifiedAt: new Date(0) };
  }
  const { size, contentType, metadata, updatedAt } = object;
  const offset =
    contentType === UPLOAD_CONTENT_TYPE ? (parseStoredUpload(metadata)?.offset ?? 0) : 0;
  return { path, isDirectory: false, size: offset + size, modifiedAt: updatedAt };
}
