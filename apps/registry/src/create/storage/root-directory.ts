import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Config } from '../../config/schema.ts';
import { makeDirectory } from '../make-directory.ts';
import { checkDirectory } from '../check-directory.ts';
import { StartError } from '../start-error.ts';

/**
 * Makes the root directory of the filesystem driver, so that a wrong one is found at the start and not by the first
 * client. Other drivers have none. That of a read-only registry may be a file system that cannot be written.
 *
 * @throws StartError when it cannot be made, read or written.
 */
export function prepareRootDirectory(storage: RootSettings): Promise<void> {
  return useRootDirectory(storage, async (path) => {
    await makeDirectory(path);
    await access(path, READING | constants.W_OK);
  });
}

/**
 * Checks what `prepareRootDirectory` needs, and makes nothing.
 *
 * @throws StartError as it does.
 */
export function checkRootDirectory(storage: RootSettings): Promise<void> {
  return useRootDirectory(storage, checkDirectory);
}

type RootSettings = Pick<Config['storage'], 'driver' | 'maintenance'>;

async function useRootDirectory(
  { driver, maintenance }: RootSettings,
  use: (path: string) => Promise<void>,
): Promise<void> {
  if (driver.name !== 'filesystem') return;
  const { rootdirectory } = driver;
  try {
    if (maintenance.readonly.enabled) return await access(rootdirectory, READING);
    await use(rootdirectory);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const reason = REASONS[code] ?? message;
    throw new StartError(`cannot keep content in ${rootdirectory}: ${reason}; ${WAY_OUT}`, {
      cause: error,
    });
  }
}

/**
 * Sees that the root directory of the filesystem driver is there. Where it is not, something else was meant, or has to
 * be mounted: to find it empty and sound would be no help.
 *
 * @throws StartError when there is none.
 */
export async function findRootDirectory(driver: Config['storage']['driver']): Promise<void> {
  if (driver.name !== 'filesystem') return;
  try {
    await stat(driver.rootdirectory);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    const place = `there is no registry in ${driver.rootdirectory}`;
    throw new StartError(`${place}: ${REASONS[code]}; ${WAY_OUT}`, { cause: error });
  }
}

const WAY_OUT =
  'choose another directory with storage.filesystem.rootdirectory (REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY)';

const READING = constants.R_OK | constants.X_OK;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  EROFS: 'the file system is read-only',
  EEXIST: 'it is not a directory',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  ENOSPC: 'no space is left',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'its symbolic links lead in a circle',
};
