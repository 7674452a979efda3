import type { BlobDescriptorCache, Digest } from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { blobDataPath } from '../paths.ts';
import { LeaseLostError } from './lease.ts';
import type { Garbage } from './marks.ts';
import { markerPath } from './marker-paths.ts';
import type { UnneededLink } from './unneeded-links.ts';
import { remove, restoreBytes, type Holder } from './restore-deletions.ts';

export interface DeletionOptions {
  readonly driver: StorageDriver;
  readonly cache?: BlobDescriptorCache | undefined;
  /** Asked before every step that removes anything. */
  readonly holder: Holder;
  /** Names this collector: nobody else writes it. */
  readonly token: string;
}

/**
 * Deletes what is condemned, unless somebody touched it. Whoever claims it meanwhile waits until this is over.
 *
 * The order of the steps is the proof: see the decision "Garbage is collected while the registry runs".
 *
 * @returns Bytes that were freed; `undefined` when it was spared.
 * @throws LeaseLostError.
 */
export async function deleteGarbage(
  digest: Digest,
  garbage: Garbage,
  options: DeletionOptions,
): Promise<number | undefined> {
  const { driver, token } = options;
  checkHeld(options);
  await driver.putContent(markerPath('deleting', digest), Buffer.from(token), { durable: false });
  const bytes = (await isTouched(driver, digest))
    ? undefined
    : await removeUntouched(digest, garbage, options);
  checkHeld(options);
  await remove(driver, markerPath('condemned', digest));
  await remove(driver, markerPath('deleting', digest));
  return bytes;
}

async function removeUntouched(
  digest: Digest,
  { data, links }: Garbage,
  options: DeletionOptions,
): Promise<number | undefined> {
  const { driver, cache } = options;
  const bytes = data === undefined ? 0 : await trash(digest, options);
  if (data !== undefined && !(await mayGoOn(digest, options))) {
    await restoreBytes(driver, digest);
    return undefined;
  }
  for (const link of links) await removeLink(link, options);
  await cache?.global.clear(digest);
  if (data !== undefined) {
    checkHeld(options);
    await remove(driver, markerPath('trash', digest));
    // The directory, which is empty where directories are kept.
    await remove(driver, parentOf(data));
  }
  return bytes;
}

async function trash(digest: Digest, { driver, ...options }: DeletionOptions): Promise<number> {
  const data = blobDataPath(digest);
  const size = (await driver.stat(data))?.size ?? 0;
  checkHeld(options);
  try {
    await driver.move(data, markerPath('trash', digest));
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
    return 0;
  }
  return size;
}

/** A collector that slept until another had the lease learns of it here, while the bytes can still be put back. */
async function mayGoOn(
  digest: Digest,
  { driver, holder, token }: DeletionOptions,
): Promise<boolean> {
  try {
    const mine = await driver.getContent(markerPath('deleting', digest));
    return (
      Buffer.from(mine).equals(Buffer.from(token)) &&
      holder.isHeld() &&
      !(await isTouched(driver, digest))
    );
  } catch (error) {
    if (DriverError.is(error, 'PATH_NOT_FOUND')) return false;
    throw error;
  }
}

/** Forgotten before, lest it be granted should the rest fail; and after, as a reader may have remembered it between. */
async function removeLink(
  { repository, kind, name, paths }: UnneededLink,
  options: DeletionOptions,
): Promise<void> {
  const { driver, cache } = options;
  const remembered =
    kind === 'signature'
      ? undefined
      : cache?.forRepository(repository, kind === 'manifest' ? 'manifests' : 'blobs');
  await remembered?.clear(name);
  for (const path of paths) {
    checkHeld(options);
    await remove(driver, path);
  }
  await remembered?.clear(name);
}

async function isTouched(driver: StorageDriver, digest: Digest): Promise<boolean> {
  return (await driver.stat(markerPath('touched', digest), { only: 'file' })) !== undefined;
}

function checkHeld({ holder }: Pick<DeletionOptions, 'holder'>): void {
  if (!holder.isHeld()) throw new LeaseLostError();
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
