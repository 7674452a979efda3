import { isDigest, type Digest } from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';

/** What an upload had received when it was last let go. */
export interface Received {
  readonly size: number;
  /** The sha256 of those bytes. */
  readonly digest: Digest;
}

/**
 * Leaves a note beside an upload, so that another process can check the whole without reading it again. The bytes it
 * speaks of are durable before it is written; it may itself be lost.
 */
export async function writeReceived(
  driver: StorageDriver,
  path: string,
  { size, digest }: Received,
): Promise<void> {
  await driver.putContent(path, Buffer.from(`${size} ${digest}`), { durable: false });
}

/** The note, if it is there and speaks of an upload of this size. */
export async function readReceived(
  driver: StorageDriver,
  path: string,
  size: number,
): Promise<Received | undefined> {
  try {
    const text = Buffer.from(await driver.getContent(path)).toString('latin1');
    const [noted, digest = ''] = text.split(' ');
    return noted === String(size) && isDigest(digest) ? { size, digest } : undefined;
  } catch (error) {
    if (DriverError.is(error, 'PATH_NOT_FOUND')) return undefined;
    throw error;
  }
}
