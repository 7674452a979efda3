import * as promises from 'node:fs/promises';

/** What an outbox asks of the file system, so that tests can let it fail. */
export type FileSystem = Pick<
  typeof promises,
  'appendFile' | 'mkdir' | 'open' | 'readFile' | 'readdir' | 'rename' | 'rm' | 'stat' | 'writeFile'
>;

export const systemFiles: FileSystem = promises;

/** What a failing call means when nothing is there. */
export function isMissing(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ENOENT';
}

/** Makes names in a directory survive a loss of power, where directories can be synced. */
export async function syncDirectory(directory: string, files: FileSystem): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await files.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
