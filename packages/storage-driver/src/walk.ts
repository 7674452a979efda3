import type { Entry, WalkOptions } from './driver.ts';
import { DriverError } from './errors.ts';
import { comparePaths, isPathName, joinPath, MAXIMUM_PATH_LENGTH } from './path.ts';

/** Lists the children of one directory, in byte order of their names. */
export type ListDirectory = (directory: string, after: string | undefined) => AsyncIterable<Entry>;

/**
 * Walks a tree depth first by listing its directories one after another.
 *
 * `after` seeks: only directories that can hold something after it are listed. Those on the way to it are listed
 * first from within, as if the walk had already come so far; they need not exist.
 *
 * @param list Fails with DriverError. `PATH_NOT_FOUND` and `NOT_A_DIRECTORY` below the start mean that something
 * vanished, and are passed over.
 */
export async function* walkTree(
  start: string,
  list: ListDirectory,
  { after, enter = () => true }: Pick<WalkOptions, 'after' | 'enter'> = {},
): AsyncGenerator<Entry, void, undefined> {
  const open = openLevels(start, list, { after, enter });
  try {
    for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
      const entry = await nextEntry(level);
      if (entry === undefined) {
        open.pop();
        continue;
      }
      yield entry;
      if (entry.isDirectory && enter(entry.path)) open.push(openLevel(entry.path, list));
    }
  } finally {
    for (const { entries } of open.toReversed()) await entries.return?.();
  }
}

/** A directory that the walk is inside of. Nothing is listed before the first entry is asked for. */
interface Level {
  readonly entries: AsyncIterator<Entry>;
  readonly mayBeMissing: boolean;
}

function openLevel(directory: string, list: ListDirectory): Level {
  return { entries: list(directory, undefined)[Symbol.asyncIterator](), mayBeMissing: true };
}

/** The levels that a walk would be inside of just after it met `after`, the outermost first. */
function openLevels(
  start: string,
  list: ListDirectory,
  { after, enter }: { after: string | undefined; enter: (directory: string) => boolean },
): Level[] {
  const levels: Level[] = [];
  let directory = start;
  for (const name of namesOnTheWay(start, after)) {
    const entries = list(directory, name)[Symbol.asyncIterator]();
    levels.push({ entries, mayBeMissing: directory !== start });
    directory = joinPath(directory, name);
    // The hint is any text: what is no path holds nothing, and must not reach a backend.
    if (!isPathName(name) || directory.length > MAXIMUM_PATH_LENGTH) return levels;
    if (!enter(directory)) return levels;
  }
  const entries = list(directory, isPast(start, after) ? AFTER_EVERY_NAME : undefined);
  levels.push({ entries: entries[Symbol.asyncIterator](), mayBeMissing: directory !== start });
  return levels;
}

/** The names that lead from the start of a walk to where it goes on; none when that is not below the start. */
function namesOnTheWay(start: string, after: string | undefined): readonly string[] {
  const prefix = prefixOf(start);
  return after?.startsWith(prefix) && after !== prefix ? after.slice(prefix.length).split('/') : [];
}

const AFTER_EVERY_NAME = '~';

/** Whether all of a tree comes before a path. */
function isPast(start: string, after: string | undefined): boolean {
  if (after === undefined || after.startsWith(prefixOf(start))) return false;
  return comparePaths(start, after) < 0;
}

/** What every path below a directory begins with. */
function prefixOf(directory: string): string {
  return joinPath(directory, '');
}

async function nextEntry({ entries, mayBeMissing }: Level): Promise<Entry | undefined> {
  try {
    const { done, value } = await entries.next();
    return done === true ? undefined : value;
  } catch (error) {
    if (mayBeMissing && DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY'))
      return undefined;
    throw error;
  }
}
