import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { makeDirectory } from '../make-directory.ts';
import { checkDirectory } from '../check-directory.ts';
import { StartError } from '../start-error.ts';

/**
 * Makes the directory for blobs that are being fetched, so that a wrong one is found at the start and not by the first
 * pull.
 *
 * @returns `proxy.spooldirectory`; without it a directory on the file system of the registry, or that of the system for
 * registries that keep content elsewhere or are read-only.
 * @throws StartError when it cannot be made, or not be written to.
 */
export function prepareSpoolDirectory(settings: SpoolSettings): Promise<string> {
  return useSpoolDirectory(settings, async (directory) => {
    await makeDirectory(directory);
    await access(directory, constants.W_OK | constants.X_OK);
  });
}

/**
 * Checks what `prepareSpoolDirectory` needs, and makes nothing.
 *
 * @throws StartError as it does.
 */
export async function checkSpoolDirectory(settings: SpoolSettings): Promise<void> {
  await useSpoolDirectory(settings, checkDirectory);
}

type SpoolSettings = Pick<Config, 'proxy' | 'storage'>;

async function useSpoolDirectory(
  { proxy, storage }: SpoolSettings,
  use: (directory: string) => Promise<void>,
): Promise<string> {
  const directory = proxy.spooldirectory ?? defaultDirectory(storage);
  try {
    await use(directory);
    return directory;
  } catch (error) {
    throw new StartError(
      `cannot write fetched blobs to ${directory}: ${(error as Error).message}; choose another directory with proxy.spooldirectory`,
      { cause: error },
    );
  }
}

function defaultDirectory({ driver, maintenance }: Config['storage']): string {
  const isOnDisk = driver.name === 'filesystem' && !maintenance.readonly.enabled;
  return isOnDisk ? join(driver.rootdirectory, 'purser', 'spool') : tmpdir();
}
