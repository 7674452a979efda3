import type { OperationOptions } from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';

/**
 * What is in a link; `undefined` when there is none. A directory in its place is a link that says nothing: empty. A
 * storage that fails is no answer: the error passes.
 */
export async function readLinkText(
  driver: StorageDriver,
  path: string,
  options?: OperationOptions,
): Promise<string | undefined> {
  try {
    return Buffer.from(await driver.getContent(path, options)).toString('latin1');
  } catch (error) {
    if (DriverError.is(error, 'PATH_NOT_FOUND')) return undefined;
    if (DriverError.is(error, 'NOT_A_FILE')) return '';
    throw error;
  }
}
