import { isDigest, type Digest } from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { blobDataPath } from '../paths.ts';
import { markerPath, markersPath, type Marker } from './marker-paths.ts';

/** Whoever may remove things here for the next moment. */
export interface Holder {
  isHeld(): boolean;
}

/** Undoes every deletion that a collector began and did not end. What was deleted of it may be condemned again. */
export async function restoreDeletions(driver: StorageDriver, holder: Holder): Promise<void> {
  for await (const digest of markedDigests(driver, 'deleting')) {
    if (!holder.isHeld()) return;
    await restoreBytes(driver, digest);
    await remove(driver, markerPath('condemned', digest));
    await remove(driver, markerPath('deleting', digest));
  }
  // Of a collector that slept through the end of its lease.
  for await (const digest of markedDigests(driver, 'trash')) {
    if (!holder.isHeld()) return;
    await restoreBytes(driver, digest);
  }
}

/** Puts bytes back from the trash, unless new ones are in their place. */
export async function restoreBytes(driver: StorageDriver, digest: Digest): Promise<void> {
  const trash = markerPath('trash', digest);
  try {
    if ((await driver.stat(blobDataPath(digest))) === undefined) {
      await driver.move(trash, blobDataPath(digest));
    } else {
      await driver.delete(trash);
    }
  } catch (error) {
    ignoreMissing(error);
  }
}

export async function* markedDigests(driver: StorageDriver, marker: Marker): AsyncIterable<Digest> {
  try {
    for await (const { name, isDirectory } of driver.walk(markersPath(marker))) {
      const digest = `sha256:${name}`;
      if (!isDirectory && isDigest(digest)) yield digest;
    }
  } catch (error) {
    ignoreMissing(error);
  }
}

/** Removes what may be gone already. */
export async function remove(driver: StorageDriver, path: string): Promise<void> {
  await driver.delete(path).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): void {
  if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
}
