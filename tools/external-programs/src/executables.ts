import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The folders in which a shell looks for commands. */
export function searchPath(): readonly string[] {
  return (process.env['PATH'] ?? '').split(delimiter);
}

/** The first executable file of this name; folders without a name are passed over. */
export function findExecutable(folders: readonly string[], command: string): string | undefined {
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
