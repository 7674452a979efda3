import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { quote } from '../../observe/escape.ts';
import { resolveModule } from './resolve-module.ts';
import { StartError } from '../start-error.ts';

export interface FindDriverModuleOptions {
  /** The key that names the module, for messages: `storage.sqlite.module`. */
  readonly key: string;
  /** Absolute directories, at least one: the module is looked for from each in turn. */
  readonly directories: readonly string[];
}

const PATH = /^(?:\.{1,2}\/|\/)/;
/** The name of a package, before the path of a module in it. */
const PACKAGE_NAME = /^(?:@[\w.~-]+\/)?[\w~-][\w.~-]*(?=\/|$)/;

/**
 * Finds the file of a module.
 *
 * @param module The name of an npm package, or a path that begins with `./`, `../` or `/`.
 * @returns The URL of a file.
 * @throws StartError when there is none.
 */
export async function findDriverModule(
  module: string,
  { key, directories }: FindDriverModuleOptions,
): Promise<string> {
  const isPath = PATH.test(module);
  const [packageName] = PACKAGE_NAME.exec(module) ?? [];
  if (!isPath && packageName === undefined) {
    throw new StartError(
      `${key}: expected the name of a package, or a path such as ./driver.js, found ${quote(module)}`,
    );
  }
  for (const directory of directories) {
    const url = resolve(module, directory, key);
    // That a package lacks the file it names is for the import to tell.
    if (url !== undefined && (!isPath || (await exists(url)))) return url;
  }
  if (isPath) throw new StartError(`${key}: no file ${module} in ${directories.join(' or ')}`);
  throw new StartError(
    `${key}: the package ${packageName} is not installed in ${directories.join(' or ')}` +
      `; npm install --prefix ${directories[0]} ${packageName}`,
  );
}

function resolve(module: string, directory: string, key: string): string | undefined {
  try {
    return resolveModule(module, directory);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw new StartError(`${key}: ${module} cannot be imported: ${message}`, { cause: error });
  }
}

async function exists(url: string): Promise<boolean> {
  try {
    await access(fileURLToPath(url));
    return true;
  } catch {
    return false;
  }
}
