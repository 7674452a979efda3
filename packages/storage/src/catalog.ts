import {
  isPathComponent,
  isRepositoryName,
  type ListOptions,
  type RepositoryName,
} from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { manifestsPath, REPOSITORIES, repositoryPath } from './paths.ts';

/**
 * Lists the repositories that have a `_manifests` directory, component by component: `a`, `a/b`, `a-b`.
 *
 * Costs what is on the page: it starts after `after`, stops at `limit`, and never looks inside a directory whose name
 * begins with `_`.
 */
export async function* listRepositories(
  driver: StorageDriver,
  { limit = Infinity, ...options }: ListOptions = {},
): AsyncIterable<RepositoryName> {
  if (limit <= 0) return;
  let remaining = limit;
  for await (const name of listNames(driver, options)) {
    const path = manifestsPath(repositoryPath(name));
    if ((await driver.stat(path, { signal: options.signal })) === undefined) continue;
    yield name;
    if (--remaining <= 0) return;
  }
}

/** Lists every name below which something is kept: of repositories, also without a manifest, and of their parents. */
export async function* listNames(
  driver: StorageDriver,
  { after, signal }: Omit<ListOptions, 'limit'> = {},
): AsyncIterable<RepositoryName> {
  for await (const path of directories(driver, { after, signal })) {
    const name = path.slice(REPOSITORIES.length + 1);
    if (isRepositoryName(name) && follows(name, after)) yield name;
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
