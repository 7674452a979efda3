import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Refusal } from '@purser/storage-driver';
import { inDirectory, syncDirectories } from './directories.ts';
import { statOrMissing } from './stat.ts';

/**
 * Renames a file, over an existing one; it has survived a loss of power at the end.
 *
 * @throws Refusal `PATH_NOT_FOUND` or `NOT_A_FILE` for the source.
 */
export async function moveFile(source: string, destination: string): Promise<void> {
  const { changed } = await inDirectory(dirname(destination), async () => {
    // Each time: a missing source must not be taken for a missing directory.
    await requireFile(source);
    await rename(source, destination);
  });
  await syncDirectories(changed);
}

async function requireFile(path: string): Promise<void> {
  const stats = await statOrMissing(path);
  if (stats === undefined) throw new Refusal('PATH_NOT_FOUND');
  if (stats.isDirectory()) throw new Refusal('NOT_A_FILE');
}
