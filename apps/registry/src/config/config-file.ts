import { readFile } from 'node:fs/promises';
import { ConfigurationError } from './problems.ts';

/** A configuration file, as it was when it was read. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** @throws ConfigurationError when the file cannot be read. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
    return { path, text };
  } catch (error) {
    const reason = READ_FAILURES[(error as NodeJS.ErrnoException).code ?? ''];
    const line = `${path}: ${reason ?? `cannot be read: ${(error as Error).message}`}`;
    throw new ConfigurationError([line], { cause: error });
  }
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such configuration file',
  EACCES: 'no permission to read the configuration file',
  EISDIR: 'expected a configuration file, found a directory',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'the configuration file is not UTF-8',
};
