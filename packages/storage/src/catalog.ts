import {
  isPathComponent,
  isRepositoryName,
  type ListOptions,
  type RepositoryName,
} from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { manifestsPath, REPOSITORIES } from './paths.ts';

/**
 * Lists the repositories that have a `_manifests` directory, component by component: `a`, `a/b`, `a-b`.
 *
 * Costs what is on the page: it starts after `after`, stops at `limit`, and never looks inside a directory whose name
 * begins with `_`.
 */
export async function* listRepositories(
  driver: StorageDriver,
  { after, limit = Infinity, signal }: ListOptions = {},
): AsyncIterable<RepositoryName> {
  if (limit <= 0) return;
  let remaining = limit;
  for await (const path of directories(driver, { after, signal })) {
    const name = path.slice(REPOSITORIES.length + 1);
    if (!isRepositoryName(name) || !follows(name, after)) continue;
    if ((await driver.stat(manifestsPath(path), { signal })) === undefined) continue;
    yield name;
    if (--remaining <= 0) return;
  }
}

async function* directories(
  driver: StorageDriver,
  { after, signal }: ListOptions,
): AsyncIterable<string> {
  const walk = driver.walk(REPOSITORIES, {
    after: [REPOSITORIES, ...legalStart(after)].join('/'),
    enter: (directory) => !isReserved(directory),
    signal,
  });
  try {
    for await (const { path, isDirectory } of walk) {
      if (isDirectory && !isReserved(path)) yield path;
    }
  } catch (error) {
    // Nothing has been pushed yet.
    if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
  }
}

/** The components of a text up to the first that no repository has: as far as the walk can seek. */
function legalStart(after = ''): readonly string[] {
  const components = after.split('/');
  const end = components.findIndex((component) => !isPathComponent(component));
  return end < 0 ? components : components.slice(0, end);
}

/** Whether a name comes after a text, component by component: the slash sorts before every other character. */
function follows(name: string, after = ''): boolean {
  return name.replaceAll('/', '\0') > after.replaceAll('/', '\0');
}

function isReserved(path: string): boolean {
  return path[path.lastIndexOf('/') + 1] === '_';
}
