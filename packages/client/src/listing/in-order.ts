import type { ListOptions } from '@purser/core';

/** What a listing of a registry is asked for. */
export type ListPages<T> = (query: URLSearchParams) => AsyncIterable<readonly T[]>;

export interface Order<T> extends Pick<ListOptions, 'after' | 'limit'> {
  /** What entries are sorted by, and told apart. */
  readonly keyOf: (entry: T) => string;
  readonly compare: (left: string, right: string) => number;
}

/** The most entries of one page, where a limit is asked for: every registry gives as many. */
const LARGEST_PAGE = 100;

/**
 * Gives a listing in order, each entry once. A registry that sorts is read page by page; of one that does not, the
 * whole list is read before the first entry is given. Should a later page show that it does not, what the pages before
 * left out comes late rather than never.
 */
export async function* inOrder<T>(list: ListPages<T>, order: Order<T>): AsyncGenerator<T> {
  const { after, limit = Infinity, keyOf, compare } = order;
  if (limit === 0) return;
  const given = new Set<string>();
  const query = new URLSearchParams();
  if (after) query.set('last', after);
  if (limit !== Infinity) query.set('n', String(Math.min(limit, LARGEST_PAGE)));
  let last = after;
  for await (const page of list(query)) {
    // A registry may not know `last`.
    const entries = page.filter((entry) => !after || compare(keyOf(entry), after) > 0);
    if (!isInOrder(entries.map(keyOf), { last, compare })) {
      yield* sorted(list, { ...order, given });
      return;
    }
    for (const entry of entries) {
      given.add(keyOf(entry));
      yield entry;
      if (given.size >= limit) return;
    }
    last = entries.map(keyOf).at(-1) ?? last;
  }
}

function isInOrder(
  keys: readonly string[],
  { last, compare }: { last: string | undefined; compare: (left: string, right: string) => number },
): boolean {
  let previous = last;
  for (const key of keys) {
    if (previous !== undefined && compare(key, previous) <= 0) return false;
    previous = key;
  }
  return true;
}

async function* sorted<T>(
  list: ListPages<T>,
  { after, limit = Infinity, keyOf, compare, given }: Order<T> & { given: Set<string> },
): AsyncGenerator<T> {
  const found = new Map<string, T>();
  for await (const page of list(new URLSearchParams())) {
    for (const entry of page) found.set(keyOf(entry), entry);
  }
  const rest = [...found]
    .filter(([key]) => !given.has(key) && (!after || compare(key, after) > 0))
    .toSorted(([left], [right]) => compare(left, right));
  for (const [, entry] of rest.slice(0, limit - given.size)) yield entry;
}

/** Byte order, of text that is ASCII. */
export function byBytes(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** As `byBytes`, component by component: the slash comes before every other character. */
export function byComponent(left: string, right: string): number {
  return byBytes(left.replaceAll('/', '\0'), right.replaceAll('/', '\0'));
}
