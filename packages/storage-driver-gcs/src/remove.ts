import { Refusal } from '@purser/storage-driver';
import { removeMany } from './batch-delete.ts';
import type { Bucket } from './bucket.ts';
import { objectPages } from './listing.ts';

/** Removes an object, and all objects below it: a bucket cannot tell which of the two is meant. */
export async function removeTree(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [wasFile, wasDirectory] = await Promise.all([
    bucket.remove(key, { signal }),
    removeBelow(bucket, `${key}/`, signal),
  ]);
  if (!wasFile && !wasDirectory) throw new Refusal('PATH_NOT_FOUND');
}

async function removeBelow(
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let isEmpty = true;
  for await (const { keys } of objectPages(bucket, { prefix }, signal)) {
    isEmpty &&= keys.length === 0;
    await removeMany(bucket, keys, signal);
  }
  return !isEmpty;
}
