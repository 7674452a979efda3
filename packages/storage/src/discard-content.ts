import type { BlobDescriptorCache, Digest } from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { blobDataPath } from './paths.ts';

export interface DiscardContentOptions {
  readonly driver: StorageDriver;
  /** Forgets the content too. */
  readonly cache?: BlobDescriptorCache | undefined;
}

/**
 * Removes the bytes of content, whoever links them: links that are left name nothing, and are healed when the content
 * is stored again. For content that can be had again, as that of a pull-through registry; any other is for garbage
 * collection. What is not there is no failure.
 *
 * @param digest The sha256 by which content is kept; by another there is nothing.
 * @throws DriverError when it cannot be removed.
 * @see distribution, registry/storage/vacuum.go, `RemoveBlob`.
 */
export async function discardContent(
  digest: Digest,
  { driver, cache }: DiscardContentOptions,
): Promise<void> {
  try {
    await driver.delete(blobDataPath(digest));
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
  }
  await cache?.global.clear(digest);
}
