import { escapeControls } from '../observe/escape.ts';
import { StartError } from './start-error.ts';

/**
 * Makes use of a file that the configuration names.
 *
 * @throws StartError naming the key, the path, and why it cannot be used.
 */
export async function usable<T>(key: string, path: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const reason = escapeControls(REASONS[code] ?? message);
    throw new StartError(`cannot use ${key}: ${path}: ${reason}`, { cause: error });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  EROFS: 'it is missing, and the file system is read-only',
};
