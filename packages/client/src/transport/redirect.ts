import { displayUrl } from './display.ts';
import type { Hop } from './exchange.ts';
import { RegistryClientError } from './registry-client-error.ts';
import type { TransportResponse } from './transport.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * Where a redirect leads.
 *
 * @throws RegistryClientError `RESPONSE_INVALID` when it leads nowhere, to another scheme than HTTP, or from https to http.
 * @see RFC 9110, section 15.4.
 */
export function redirectTarget({ headers, url }: TransportResponse): URL {
  const [location] = headers.getAll('location');
  const target = URL.parse(location ?? '', url.href);
  if (location === undefined || target === null) {
    throw invalid(`${displayUrl(url)} redirects without saying where to`);
  }
  checkSchemes(url, target);
  return target;
}

/**
 * The next request. `303` asks for the answer to be read elsewhere; all others move the request as it is: what browsers
 * do, to make a GET of a POST, helps no registry.
 */
export function redirectHop(hop: Hop, status: number, url: URL): Hop {
  if (status !== 303 || hop.method === 'GET' || hop.method === 'HEAD') return { ...hop, url };
  const headers = Object.entries(hop.headers).filter(([name]) => !name.startsWith('content-'));
  return { ...hop, url, method: 'GET', headers: Object.fromEntries(headers), body: undefined };
}

/** @throws RegistryClientError `RESPONSE_INVALID`. */
export function checkSchemes(from: URL, to: URL): void {
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw invalid(`${displayUrl(from)} leads to a URL of the scheme ${to.protocol}`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw invalid(`${displayUrl(from)} leads from https to plain http: ${displayUrl(to)}`);
  }
}

function invalid(message: string): RegistryClientError {
  return new RegistryClientError('RESPONSE_INVALID', { message });
}
