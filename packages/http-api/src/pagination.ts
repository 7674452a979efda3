import { RegistryError, type ListOptions } from '@purser/core';

/** One page of a listing. */
export interface Page<T extends string> {
  readonly entries: readonly T[];
  /** The text after which the next page begins; `undefined` on the last page. */
  readonly position: string | undefined;
}

/**
 * The number of entries a client asks for with `n`, an integer of any size; `undefined` when it does not say.
 *
 * @throws RegistryError `PARAMETER_INVALID` when it is no integer, or negative.
 */
export function requestedCount(query: URLSearchParams): number | undefined {
  const text = query.get('n');
  if (text === null || text === '') return undefined;
  if (/^[0-9]+$/.test(text)) return Number(text);
  throw invalidCount(text, 'n must be an integer, 0 or more');
}

/** The error for an `n` that is refused. */
export function invalidCount(text: string, message: string): RegistryError {
  return new RegistryError('PARAMETER_INVALID', { message, detail: { n: text.slice(0, 100) } });
}

/** Where a listing begins: after `last`, which need not name anything. */
export function startOf(query: URLSearchParams): string | undefined {
  return query.get('last') || undefined;
}

/** Entries that even a small page may look at, to find those that it gives. */
const LEAST_BUDGET = 500;
/** Entries that a large page may look at without giving them, such as parents of repositories. */
const PASSED_OVER = 50;

/**
 * Collects one page. It is shorter than `size` when the listing spends its budget first.
 *
 * @param list Lists entries in order, at most `limit` of them. Its caller leaves early.
 */
export async function collectPage<T extends string>(
  list: (bounds: Pick<ListOptions, 'limit' | 'budget'>) => AsyncIterable<T>,
  size: number,
): Promise<Page<T>> {
  const entries: T[] = [];
  let position: string | undefined;
  if (size === 0) return { entries, position };
  const onSpent = (spentAt: string) => void (position = spentAt);
  const budget = { entries: Math.max(size + PASSED_OVER, LEAST_BUDGET), onSpent };
  // One more shows that a page follows.
  for await (const entry of list({ limit: size + 1, budget })) {
    if (entries.length === size) return { entries, position: entries.at(-1) };
    entries.push(entry);
  }
  return { entries, position };
}

/**
 * The link to the next page.
 *
 * @param namespace Repeated in the link, so that it leads to the same repository.
 * @see RFC 8288.
 */
export function nextLink(
  path: string,
  query: Readonly<Record<string, string>>,
  namespace?: string,
): string {
  const more = namespace === undefined ? '' : `&ns=${encodeURIComponent(namespace)}`;
  return `<${path}?${new URLSearchParams(query).toString()}${more}>; rel="next"`;
}
