import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { StartError } from '../start-error.ts';

/**
 * Makes the directory for content on its way, so that a wrong one is found at the start and not by the first pull.
 *
 * @param directory The system's own when absent, which is there.
 * @throws StartError when it cannot be made, or not be written to.
 */
export async function prepareSpoolDirectory(directory: string | undefined): Promise<void> {
  if (directory === undefined) return;
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartError(
      `cannot keep content on its way in ${directory}: ${(error as Error).message}; choose another with proxy.spooldirectory`,
      { cause: error },
    );
  }
}
