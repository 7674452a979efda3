import { rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryError } from '@purser/core';
import { hasLayout, noLayout } from '../layout-file.ts';
import { INGEST_DIRECTORY } from '../layout-paths.ts';
import { createOciLayout, type OciLayout, type OciLayoutOptions } from '../oci-layout.ts';
import { DirectoryFiles } from './directory-files.ts';
import { isErrno } from './errno.ts';
import { namesIn } from './names-in.ts';

export interface OpenOciLayoutOptions extends OciLayoutOptions {
  /** Whether the layout may be missing: it then begins with what is first written. Default `false`. */
  readonly create?: boolean | undefined;
}

/** What a process that died was receiving is not waited for any longer, in milliseconds. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Opens a layout in a directory.
 *
 * @throws RegistryError `NAME_UNKNOWN` when there is none, also with `create` where a directory holds other things;
 * `UNSUPPORTED` when it is of another version.
 */
export async function openOciLayout(
  directory: string,
  { create = false, ...options }: OpenOciLayoutOptions,
): Promise<OciLayout> {
  const files = new DirectoryFiles(directory);
  const isThere = await hasLayout(files, directory);
  if (!isThere && !create) throw noLayout(directory);
  if (!isThere && !(await isEmpty(directory))) {
    throw new RegistryError('NAME_UNKNOWN', {
      message: `${directory} holds something else than an OCI layout: name an empty directory, or one that does not exist`,
    });
  }
  const ingest = join(directory, INGEST_DIRECTORY);
  if (isThere && create) await removeAbandoned(ingest);
  return createOciLayout(files, { ...options, close: () => removeIfEmpty(ingest) });
}

/** A layout whose making was cut short has only what was being received. */
async function isEmpty(directory: string): Promise<boolean> {
  return (await namesIn(directory)).every((name) => name === INGEST_DIRECTORY);
}

async function removeAbandoned(ingest: string): Promise<void> {
  for (const name of await namesIn(ingest)) {
    const path = join(ingest, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (mtimeMs < Date.now() - ABANDONED_AFTER_MS) await rm(path, { force: true, recursive: true });
  }
}

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    // Someone is still receiving, or nothing ever was.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'EACCES', 'EROFS', 'EPERM')) throw error;
  }
}
