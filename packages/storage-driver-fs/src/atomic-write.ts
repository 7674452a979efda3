import { randomUUID } from 'node:crypto';
import { link, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { inDirectory, syncDirectories } from './directories.ts';
import { isErrno } from './errno.ts';

/** Keeps the temporary name within 255 bytes, the most that common file systems allow. */
const LONGEST_KEPT_NAME = 200;
const TEMPORARY_NAME = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** Whether a file of this name may be a half-written one: `link.<uuid>.tmp`, as distribution names them too. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

/** A path beside a file's, which nobody else has. */
export function temporaryNameFor(target: string): string {
  const name = basename(target).slice(0, LONGEST_KEPT_NAME);
  return join(dirname(target), `${name}.${randomUUID()}.tmp`);
}

/**
 * Creates or replaces a file so that nobody ever sees a part of it: written beside it under a temporary name, which is
 * then renamed. When it fails, the old file stays and the temporary one is removed.
 *
 * @param options.durable Whether the file has survived a loss of power at the end.
 */
export async function writeAtomically(
  target: string,
  content: Uint8Array,
  { durable, signal }: { readonly durable: boolean; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const directory = dirname(target);
  const temporary = temporaryNameFor(target);
  const { changed } = await inDirectory(directory, async () => {
    await writeNew(temporary, content, durable);
    try {
      signal?.throwIfAborted();
      await rename(temporary, target);
    } catch (error) {
      await removeQuietly(temporary);
      throw error;
    }
  });
  if (durable) await syncDirectories(changed);
}

/**
 * Creates a file that survives a loss of power, unless something stands there. Nobody ever sees a part of it: it is
 * written under a temporary name, which is then linked to its own. The file system must have hard links.
 *
 * @returns Whether it was created.
 */
export async function createAtomically(
  target: string,
  content: Uint8Array,
  { signal }: { readonly signal: AbortSignal | undefined },
): Promise<boolean> {
  const temporary = temporaryNameFor(target);
  const { result: isCreated, changed } = await inDirectory(dirname(target), async () => {
    await writeNew(temporary, content, true);
    try {
      signal?.throwIfAborted();
      await link(temporary, target);
      return true;
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return false;
      throw error;
    } finally {
      await removeQuietly(temporary);
    }
  });
  if (isCreated) await syncDirectories(changed);
  return isCreated;
}

async function writeNew(path: string, content: Uint8Array, durable: boolean): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(content);
    if (durable) await handle.sync();
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => {});
    await removeQuietly(path);
    throw error;
  }
}

/** Removes a file after a failure, which is the one to tell. */
export async function removeQuietly(path: string): Promise<void> {
  await unlink(path).catch(() => {});
}
