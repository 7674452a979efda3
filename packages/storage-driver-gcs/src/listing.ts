import { compareNames, Refusal, type Entry } from '@purser/storage-driver';
import type { ListableBucket, ListPage } from './bucket.ts';

export interface Directory {
  readonly bucket: ListableBucket;
  /** What the names of all objects in it begin with: with a slash at the end, or empty. */
  readonly prefix: string;
  /** What their paths begin with: `/a/`, or `/`. */
  readonly pathPrefix: string;
}

export interface ListingOptions {
  readonly signal: AbortSignal | undefined;
  /** Only children whose name sorts strictly after this text. */
  readonly after: string | undefined;
}

/**
 * The children of a directory in byte order of their names, a page of the bucket at a time.
 *
 * The bucket sorts a directory by its name with a slash, and so after what has a hyphen or a dot there: `a-b`, `a.b`,
 * `a/`. Before a page ends within such names, it is asked whether the directory will come, which is then given early.
 *
 * @throws Refusal `NOT_A_DIRECTORY`, `PATH_NOT_FOUND`; the latter also for an empty bucket.
 */
export async function* listChildren(
  directory: Directory,
  { signal, after }: ListingOptions,
): AsyncGenerator<readonly Entry[], void> {
  const { bucket, prefix, pathPrefix } = directory;
  const early = new EarlyDirectories(directory, { signal, after });
  let isEmpty = true;
  let last: string | undefined = after;
  for await (const page of pagesOf(directory, { signal, after })) {
    const children = childrenOf(page, prefix);
    isEmpty &&= children.size === 0;
    for (const name of early.takeMet(children)) children.delete(name);
    if (page.nextPageToken !== undefined) {
      for (const name of await early.find(lastNameOf(children))) children.set(name, true);
    }
    const names = [...children.keys()].filter((name) => isAfter(name, last)).sort(compareNames);
    last = names.at(-1) ?? last;
    yield names.map((name) => ({
      name,
      path: pathPrefix + name,
      isDirectory: children.get(name) === true,
    }));
  }
  if (isEmpty) await refuseMissing(bucket, prefix, { signal, after });
}

/** Explains an empty listing. One that begins after a name may be empty. */
export async function refuseMissing(
  bucket: ListableBucket,
  prefix: string,
  { signal, after }: ListingOptions,
): Promise<void> {
  if (after !== undefined && (await isDirectory(bucket, prefix, signal))) return;
  const isFile = prefix !== '' && (await bucket.stat(prefix.slice(0, -1), signal)) !== undefined;
  throw new Refusal(isFile ? 'NOT_A_DIRECTORY' : 'PATH_NOT_FOUND');
}

/** Whether there is an object below. */
export async function isDirectory(
  bucket: ListableBucket,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { keys, nextPageToken } = await bucket.list({ prefix, maxResults: 1 }, signal);
  return keys.length > 0 || nextPageToken !== undefined;
}

function pagesOf(
  { bucket, prefix }: Directory,
  { signal, after }: ListingOptions,
): AsyncGenerator<ListPage, void> {
  // The text is any; what it has that no name has is left to the comparison.
  const [start = ''] = /^[A-Za-z0-9._-]*/.exec(after ?? '') ?? [];
  const startOffset = start === '' ? {} : { startOffset: prefix + start };
  return objectPages(bucket, { prefix, delimiter: '/', ...startOffset }, signal);
}

/** The pages of a listing, one after the other. */
export async function* objectPages(
  bucket: ListableBucket,
  query: { prefix: string; delimiter?: string; startOffset?: string },
  signal: AbortSignal | undefined,
): AsyncGenerator<ListPage, void> {
  let pageToken: string | undefined;
  do {
    const token = pageToken === undefined ? {} : { pageToken };
    const page = await bucket.list({ ...query, maxResults: PAGE_SIZE, ...token }, signal);
    pageToken = page.nextPageToken;
    // One that is empty and not the last tells nothing, not even how far the bucket has come.
    const isEmpty = page.keys.length + page.prefixes.length === 0;
    if (!isEmpty || pageToken === undefined) yield page;
  } while (pageToken !== undefined);
}

/** The most that the service gives at once. */
const PAGE_SIZE = 1000;

/** Names, and whether each is a directory. One that is both counts as a directory, so that a walk sees all. */
function childrenOf({ keys, prefixes }: ListPage, prefix: string): Map<string, boolean> {
  const children = new Map<string, boolean>();
  for (const key of keys) children.set(key.slice(prefix.length), false);
  for (const found of prefixes) children.set(found.slice(prefix.length, -1), true);
  return children;
}

/** The name that the bucket has last. */
function lastNameOf(children: ReadonlyMap<string, boolean>): string {
  let last = '';
  for (const [name, isDirectoryName] of children) {
    const key = isDirectoryName ? `${name}/` : name;
    if (key > last) last = key;
  }
  return last.replace(/\/$/, '');
}

function isAfter(name: string, after: string | undefined): boolean {
  return after === undefined || compareNames(name, after) > 0;
}

/** Directories that belong into a page before the bucket gives them. */
class EarlyDirectories {
  readonly #directory: Directory;
  readonly #options: ListingOptions;
  /** Names that were asked for, and whether such a directory is still to come. */
  #asked = new Map<string, boolean>();

  constructor(directory: Directory, options: ListingOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /** The directories of a page that were given before. */
  takeMet(children: ReadonlyMap<string, boolean>): readonly string[] {
    return [...children.keys()].filter((name) => this.#asked.get(name) === true);
  }

  /** The directories that sort before a name, and come after it. */
  async find(name: string): Promise<readonly string[]> {
    const { signal, after } = this.#options;
    const { bucket, prefix } = this.#directory;
    const asked = new Map([...this.#asked].filter(([before]) => name.startsWith(before)));
    const open = beginningsOf(name).filter((text) => isAfter(text, after) && !asked.has(text));
    const found = await Promise.all(
      open.map(async (text) => {
        const isThere = await isDirectory(bucket, `${prefix}${text}/`, signal);
        asked.set(text, isThere);
        return isThere ? [text] : [];
      }),
    );
    this.#asked = asked;
    return found.flat();
  }
}

/** What of a name comes before each of its hyphens and dots. */
function beginningsOf(name: string): readonly string[] {
  return [...name.matchAll(/[-.]/g)].map(({ index }) => name.slice(0, index)).filter(Boolean);
}
