import type { Digest, OperationOptions } from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { blobDataPath, QUARANTINE } from './paths.ts';
import { isSound } from './sound-content.ts';

export interface PutAsideOptions extends OperationOptions {
  /** Milliseconds since 1970: what is put aside by one repair is together. Default: now. */
  readonly at?: number | undefined;
}

/**
 * Puts content aside that was found not to be what its digest says, so that it is absent, and the next push brings it
 * back. What a push healed meanwhile stays, or comes back: it is read before it is moved, and after.
 *
 * @returns Where it is now; `undefined` when nothing was put aside.
 * @throws DriverError or RegistryError when it cannot be read, or not be moved: then it stays where it is.
 */
export async function putContentAside(
  driver: StorageDriver,
  digest: Digest,
  { at = Date.now(), signal }: PutAsideOptions = {},
): Promise<string | undefined> {
  const path = blobDataPath(digest);
  const quarantine = `${QUARANTINE}/${at}${path}`;
  if ((await isSound(driver, path, { digest, signal })) !== false) return undefined;
  if (!(await move(driver, path, quarantine))) return undefined;
  let isDamaged = false;
  try {
    // A push may have healed it between the look and the move.
    isDamaged = (await isSound(driver, quarantine, { digest })) === false;
  } finally {
    if (!isDamaged) await putBack(driver, path, quarantine);
  }
  return isDamaged ? quarantine : undefined;
}

/** Unless something newer is there. */
async function putBack(driver: StorageDriver, path: string, quarantine: string): Promise<void> {
  if ((await driver.stat(path, { only: 'file' })) === undefined) {
    await move(driver, quarantine, path);
  }
}

/** Moves a file, and says whether it was there. */
async function move(driver: StorageDriver, source: string, target: string): Promise<boolean> {
  try {
    await driver.move(source, target);
    return true;
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
    return false;
  }
}
