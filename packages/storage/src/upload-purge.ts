import {
  isRepositoryName,
  type Exclusion,
  type OperationOptions,
  type RepositoryName,
} from '@purser/core';
import { DriverError, entriesOf, type FileInfo, type StorageDriver } from '@purser/storage-driver';
import { listNames } from './catalog.ts';
import { UPLOAD_ID } from './uploads.ts';
import { uploadPaths, uploadsPath } from './paths.ts';

/** An upload that was begun and neither finished nor cancelled. */
export interface UnfinishedUpload {
  readonly repository: RepositoryName;
  readonly id: string;
  /** `undefined` when it has none that can be read, as what a crash leaves. */
  readonly startedAt: Date | undefined;
  /** When it last took something, as far as storage tells. */
  readonly activeAt: Date;
  /** Bytes received. */
  readonly size: number;
}

export interface PurgeUploadsOptions extends OperationOptions {
  /** How long an upload has been left alone, at least, in milliseconds. */
  readonly olderThanMs: number;
  /** Whether it is only told what would be removed. Default `false`. */
  readonly dryRun?: boolean | undefined;
  /** The present, in milliseconds since 1970. Default: the time of the machine. */
  readonly now?: (() => number) | undefined;
  /** Told of an upload that could not be removed; the others are. Default: the purge fails with it. */
  readonly onFailure?: ((upload: UnfinishedUpload, error: unknown) => void) | undefined;
}

/** Lists every unfinished upload, by repository and id. */
export async function* listUploads(
  driver: StorageDriver,
  options: OperationOptions = {},
): AsyncIterable<UnfinishedUpload> {
  for await (const repository of listNames(driver, options)) {
    if (!isRepositoryName(repository)) continue;
    for (const id of await uploadIds(driver, repository, options)) {
      const upload = await describeUpload(driver, { repository, id, ...options });
      if (upload !== undefined) yield upload;
    }
  }
}

/**
 * Removes uploads that nobody goes on with, and what a backend keeps for them. One that a writer of this process holds
 * stays, and so does one that took anything later than the age says, in whatever process. Gives each as it is removed.
 *
 * @param held The sessions of this process, by their directories.
 * @see distribution, registry/storage/purgeuploads.go, which counts from the start of an upload.
 */
export async function* purgeUploads(
  driver: StorageDriver,
  held: Exclusion,
  options: PurgeUploadsOptions,
): AsyncIterable<UnfinishedUpload> {
  const { olderThanMs, now = Date.now, signal } = options;
  const isOld = ({ activeAt }: UnfinishedUpload) => activeAt.getTime() + olderThanMs < now();
  for await (const upload of listUploads(driver, { signal })) {
    const { directory } = uploadPaths(upload.repository, upload.id);
    if (!isOld(upload) || held.isHeld(directory)) continue;
    if (await isRemoved(driver, upload, { ...options, held, isOld })) yield upload;
  }
}

async function isRemoved(
  driver: StorageDriver,
  upload: UnfinishedUpload,
  { dryRun = false, onFailure, ...options }: PurgeUploadsOptions & RemoveOptions,
): Promise<boolean> {
  try {
    return dryRun || (await removeUpload(driver, upload, options));
  } catch (error) {
    if (onFailure === undefined || options.signal?.aborted) throw error;
    onFailure(upload, error);
    return false;
  }
}

interface RemoveOptions extends OperationOptions {
  readonly held: Exclusion;
  readonly isOld: (upload: UnfinishedUpload) => boolean;
}

/** Holds the session meanwhile, and looks again: someone may have come back to it. */
async function removeUpload(
  driver: StorageDriver,
  { repository, id }: UnfinishedUpload,
  { held, isOld, signal }: RemoveOptions,
): Promise<boolean> {
  const { directory, data } = uploadPaths(repository, id);
  const release = await held.acquire(directory, { signal });
  try {
    const upload = await describeUpload(driver, { repository, id, signal });
    if (upload === undefined || !isOld(upload)) return false;
    await abandonContent(driver, data);
    await driver.delete(directory).catch(ignoreMissing);
    return true;
  } finally {
    release();
  }
}

/** A bucket keeps more for an unfinished upload than what can be listed: its writer knows what. */
async function abandonContent(driver: StorageDriver, data: string): Promise<void> {
  if ((await driver.stat(data, { only: 'file' })) === undefined) return;
  try {
    const writer = await driver.openWriter(data, { append: true });
    await writer.cancel();
  } catch {
    // A damaged upload has no writer; what can be listed of it goes in any case, or says why it cannot.
  }
}

async function uploadIds(
  driver: StorageDriver,
  repository: RepositoryName,
  options: OperationOptions,
): Promise<readonly string[]> {
  const ids: string[] = [];
  try {
    for await (const { name } of entriesOf(driver.list(uploadsPath(repository), options))) {
      if (UPLOAD_ID.test(name)) ids.push(name);
    }
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error;
  }
  return ids;
}

interface UploadName extends OperationOptions {
  readonly repository: RepositoryName;
  readonly id: string;
}

/** `undefined` when it is over. */
async function describeUpload(
  driver: StorageDriver,
  { repository, id, signal }: UploadName,
): Promise<UnfinishedUpload | undefined> {
  const paths = uploadPaths(repository, id);
  const [start, data, received, directory] = await Promise.all(
    [paths.startedAt, paths.data, paths.received, paths.directory].map((path) =>
      driver.stat(path, { signal }),
    ),
  );
  const present = [start, data, received, directory].filter((info) => info !== undefined);
  if (present.length === 0) return undefined;
  const startedAt = start && (await readStart(driver, start, { signal }));
  const files = present.filter(({ isDirectory }) => !isDirectory);
  // Of a directory alone, as distribution leaves them, its own time is all there is.
  const times = (files.length > 0 ? files : present).map(({ modifiedAt }) => modifiedAt.getTime());
  const latest = times.reduce((one, other) => Math.max(one, other));
  const activeAt = new Date(Math.max(latest, startedAt?.getTime() ?? -Infinity));
  return { repository, id, startedAt, activeAt, size: data?.size ?? 0 };
}

async function readStart(
  driver: StorageDriver,
  { path, isDirectory }: FileInfo,
  options: OperationOptions,
): Promise<Date | undefined> {
  if (isDirectory) return undefined;
  const content = await driver.getContent(path, options).catch(ignoreMissing);
  const time = new Date(content === undefined ? Number.NaN : Buffer.from(content).toString());
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function ignoreMissing(error: unknown): undefined {
  if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
}
