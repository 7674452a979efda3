import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import type { DriverConfig } from '../config/storage-section.ts';
import { StartError } from './start-error.ts';

/**
 * Makes the root directory of the filesystem driver, so that a wrong one is found at the start and not by the first
 * client. Other drivers have none.
 *
 * @throws StartError when it cannot be made, read or written.
 */
export async function prepareRootDirectory(config: DriverConfig): Promise<void> {
  if (config.name !== 'filesystem') return;
  try {
    await mkdir(config.rootdirectory, { recursive: true });
    await access(config.rootdirectory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const way =
      'choose another directory with storage.filesystem.rootdirectory (REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY)';
    const reason = REASONS[code] ?? message;
    throw new StartError(`cannot keep content in ${config.rootdirectory}: ${reason}; ${way}`, {
      cause: error,
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  EROFS: 'the file system is read-only',
  EEXIST: 'it is not a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ENOSPC: 'no space is left',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'its symbolic links lead in a circle',
};
