import { RegistryError } from '@purser/core';

/** One page of a listing. */
export interface Page<T extends string> {
  readonly entries: readonly T[];
  /** The query of the next page, when there is one. */
  readonly next: string | undefined;
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

/**
 * Collects one page.
 *
 * @param list Lists entries in order, at most `limit` of them; it is asked for one more than the page has, to see
 * whether a page follows.
 * @param count The size of the page; everything when absent.
 */
export async function collectPage<T extends string>(
  list: (limit: number | undefined) => AsyncIterable<T>,
  count: number | undefined,
): Promise<Page<T>> {
  if (count === 0) return { entries: [], next: undefined };
  const found: T[] = [];
  for await (const entry of list(count === undefined ? undefined : count + 1)) found.push(entry);
  if (count === undefined || found.length <= count) return { entries: found, next: undefined };
  const entries = found.slice(0, count);
  const next = new URLSearchParams({ last: entries.at(-1) ?? '', n: String(count) });
  return { entries, next: next.toString() };
}

/**
 * The link to the next page.
 *
 * @param namespace Repeated in the link, so that it leads to the same repository.
 * @see RFC 8288.
 */
export function nextLink(path: string, query: string, namespace?: string): string {
  const more = namespace === undefined ? '' : `&ns=${encodeURIComponent(namespace)}`;
  return `<${path}?${query}${more}>; rel="next"`;
}
