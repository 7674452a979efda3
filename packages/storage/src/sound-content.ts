import {
  Digester,
  RegistryError,
  supportedAlgorithmOf,
  type Digest,
  type OperationOptions,
} from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';

/**
 * Whether a file is what a digest names: all of it is read. `undefined` when no file is there.
 *
 * @throws what the driver fails with, when it cannot be read.
 */
export async function isSound(
  driver: StorageDriver,
  path: string,
  { digest, signal }: OperationOptions & { readonly digest: Digest },
): Promise<boolean | undefined> {
  const digester = new Digester(supportedAlgorithmOf(digest));
  try {
    const content = await driver.openReader(path, { lend: true, signal });
    for await (const chunk of content) digester.update(chunk as Uint8Array);
  } catch (error) {
    signal?.throwIfAborted();
    if (DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_FILE')) return undefined;
    throw error;
  }
  return digester.digest() === digest;
}

/**
 * Whether what a read failed with says that this file cannot be read: it is of no use to anyone, and may be replaced. Where
 * all of the storage fails, replacing it fails as well. A storage that is busy says nothing of a file.
 */
export function isUnreadable(error: unknown): boolean {
  const failure = RegistryError.is(error) ? error.cause : error;
  return DriverError.is(failure) && failure.code !== 'BUSY';
}
