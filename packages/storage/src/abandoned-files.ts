import type { OperationOptions } from '@purser/core';
import { DriverError, ROOT_PATH, type FileInfo, type StorageDriver } from '@purser/storage-driver';

export interface RemoveAbandonedOptions extends OperationOptions {
  /** How long nobody has written to a file, at least, in milliseconds. */
  readonly olderThanMs: number;
  /** Whether it is only told what would be removed. Default `false`. */
  readonly dryRun?: boolean | undefined;
  /** The present, in milliseconds since 1970. Default: the time of the machine. */
  readonly now?: (() => number) | undefined;
}

/** Removes temporary files that processes left when they died, where a driver has such. Gives each as it is removed. */
export async function* removeAbandonedFiles(
  driver: StorageDriver,
  { olderThanMs, dryRun = false, now = Date.now, signal }: RemoveAbandonedOptions,
): AsyncIterable<FileInfo> {
  const before = new Date(now() - olderThanMs);
  const files = driver.listAbandoned?.(ROOT_PATH, { before, signal }) ?? [];
  for await (const file of files) {
    if (!dryRun) await driver.delete(file.path, { signal }).catch(ignoreMissing);
    yield file;
  }
}

function ignoreMissing(error: unknown): void {
  if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
}
