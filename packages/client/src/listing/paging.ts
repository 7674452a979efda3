import type { ErrorCode, OperationOptions } from '@purser/core';
import type { Connection } from '../connection.ts';
import { nextLink } from './next-link.ts';
import { invalidResponse } from '../response-errors.ts';
import { responseUrl } from '../response-url.ts';
import { readText } from '../transport/read-body.ts';
import type { Scope } from '../transport/scope.ts';
import type { TransportResponse } from '../transport/transport.ts';

/** No listing is as long: more means that the registry does not end it. */
const MOST_ENTRIES = 2_000_000;

export interface PageRequest<T> extends OperationOptions {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly scopes: readonly Scope[];
  readonly codes: Readonly<Record<number, ErrorCode>>;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Reads the entries of a page. Throws what is not a page. */
  readonly parse: (document: unknown, response: TransportResponse) => readonly T[];
}

/**
 * Gives the pages of a listing, one after the other, as far as they are asked for.
 *
 * @throws RegistryClientError `RESPONSE_INVALID` when a page is longer than the limit or malformed, or the next page is
 * at another origin, one that was given before, or there is no end of them.
 * @see OCI distribution-spec, end-8, end-12; RFC 8288.
 */
export async function* pages<T>(
  connection: Connection,
  { path, query, parse, ...request }: PageRequest<T>,
): AsyncGenerator<readonly T[]> {
  const seen = new Set<string>();
  let entries = 0;
  let url: URL | undefined = connection.pullUrl(path, query);
  while (url !== undefined) {
    if (seen.has(url.href)) throw invalidResponse(`the pages of ${path} lead in a circle`);
    if (seen.size >= connection.maximumPages || entries > MOST_ENTRIES) {
      throw invalidResponse(`${path} has no end: ${seen.size} pages and ${entries} entries`);
    }
    seen.add(url.href);
    const response: TransportResponse = await connection.transport.send({
      method: 'GET',
      url,
      expect: [200],
      ...request,
    });
    const text = await readText(response, connection.maximumListingSize);
    const page = parse(parseJson(text, path), response);
    entries += page.length;
    yield page;
    url = nextPage(response, { asked: url, registry: connection.registry });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw invalidResponse(`${path} was answered with what is no JSON`, error);
  }
}

function nextPage(
  { headers }: TransportResponse,
  { asked, registry }: { asked: URL; registry: URL },
): URL | undefined {
  const target = nextLink(headers.get('link') ?? '');
  if (target === undefined) return undefined;
  // Relative to what was asked: a redirect to where a page is kept does not move the listing.
  const url = responseUrl(target, asked, 'Link');
  if (url.origin === registry.origin) return url;
  throw invalidResponse(`the next page of ${asked.pathname} is at another registry: ${url.host}`);
}
