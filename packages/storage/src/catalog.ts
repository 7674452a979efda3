import {
  isPathComponent,
  isRepositoryName,
  type ListBudget,
  type ListOptions,
  type OperationOptions,
  type RepositoryName,
} from '@purser/core';
import {
  DriverError,
  joinPath,
  parentOfPath,
  type Entry,
  type StorageDriver,
} from '@purser/storage-driver';
import { manifestsPath, REPOSITORIES, repositoryPath } from './paths.ts';
import type { Walks } from './walks.ts';

/**
 * Lists the repositories that have a `_manifests` directory, component by component: `a`, `a/b`, `a-b`. It goes with the
 * last manifest, as a driver's `delete` takes what it empties. Where distribution deleted, it stays until garbage is
 * collected.
 *
 * Costs what is on the page: it starts after `after`, stops at `limit` and when the budget is spent, and never looks inside
 * a directory whose name begins with `_`. Each name counts as an entry of the budget, also that of a mere parent.
 *
 * @param walks Bounds how many long listings with a budget, which are those of clients, run at a time.
 * @throws RegistryError `TOOMANYREQUESTS` when too many of them wait.
 */
export async function* listRepositories(
  driver: StorageDriver,
  walks: Walks,
  { limit = Infinity, budget, ...options }: ListOptions = {},
): AsyncIterable<RepositoryName> {
  if (limit <= 0) return;
  using walk = budget && walks.begin(options);
  const affords = payFrom(budget);
  const pay = async (name: RepositoryName) => {
    await walk?.look(1);
    return affords(name);
  };
  let remaining = limit;
  for await (const name of namesWithManifests(driver, { ...options, pay })) {
    yield name;
    if (--remaining <= 0) return;
  }
}

/** Whether `listRepositories` lists a repository. */
export async function isRepository(
  driver: StorageDriver,
  name: RepositoryName,
  options?: OperationOptions,
): Promise<boolean> {
  return (await driver.stat(manifestsPath(repositoryPath(name)), options)) !== undefined;
}

interface WalkedNames extends Pick<ListOptions, 'after' | 'signal'> {
  /** Called before each name; `false` ends the walk. */
  readonly pay: (name: RepositoryName) => Promise<boolean>;
}

/** Takes from the walk itself whether a directory has `_manifests`, which it meets soon after, so that nothing more is asked. */
async function* namesWithManifests(
  driver: StorageDriver,
  { after, pay, signal }: WalkedNames,
): AsyncIterable<RepositoryName> {
  let open: RepositoryName | undefined;
  for await (const entry of entries(driver, { after, signal })) {
    if (open !== undefined) {
      const sought = manifestsPath(repositoryPath(open));
      const word = wordOf(entry, sought);
      if (word === 'not yet') continue;
      // A repository below it whose name begins with a digit comes before.
      const isThere =
        word === 'unknown' ? (await driver.stat(sought, { signal })) !== undefined : word === 'yes';
      if (isThere) yield open;
    }
    open = nameAt(entry, after);
    if (open !== undefined && !(await pay(open))) return;
  }
}

/** Pays for one name after the other, and says whether the budget allows it. */
function payFrom(budget: ListBudget | undefined): (name: RepositoryName) => boolean {
  if (budget === undefined) return () => true;
  let remaining = budget.entries;
  let last = '';
  return (name) => {
    if (remaining-- === 0) {
      budget.onSpent(last);
      return false;
    }
    last = name;
    return true;
  };
}

/** What an entry that the walk meets next in a directory, or after it, says of whether another is in there. */
function wordOf(
  { path, isDirectory }: Entry,
  sought: string,
): 'yes' | 'no' | 'not yet' | 'unknown' {
  if (path === sought) return 'yes';
  if (path > sought || !path.startsWith(joinPath(parentOfPath(sought), ''))) return 'no';
  return isDirectory && !isReserved(path) ? 'unknown' : 'not yet';
}

/** Lists every name below which something is kept: of repositories, also without a manifest, and of their parents. */
export async function* listNames(
  driver: StorageDriver,
  { after, signal }: Omit<ListOptions, 'limit'> = {},
): AsyncIterable<RepositoryName> {
  for await (const entry of entries(driver, { after, signal })) {
    const name = nameAt(entry, after);
    if (name !== undefined) yield name;
  }
}

/** The name that a directory stands for, if it comes after a text. */
function nameAt(
  { path, isDirectory }: Entry,
  after: string | undefined,
): RepositoryName | undefined {
  if (!isDirectory || isReserved(path)) return undefined;
  const name = path.slice(REPOSITORIES.length + 1);
  return isRepositoryName(name) && follows(name, after) ? name : undefined;
}

/** What is in the directories of repositories, without looking into those whose names begin with `_`. */
async function* entries(
  driver: StorageDriver,
  { after, signal }: Omit<ListOptions, 'limit'>,
): AsyncIterable<Entry> {
  try {
    yield* driver.walk(REPOSITORIES, {
      after: [REPOSITORIES, ...legalStart(after)].join('/'),
      enter: (directory) => !isReserved(directory),
      signal,
    });
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
