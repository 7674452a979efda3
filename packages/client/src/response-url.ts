import { invalidResponse } from './response-errors.ts';

/**
 * Reads a URL that a registry gives in a header, relative or absolute.
 *
 * A registry behind a proxy that speaks TLS for it may not know that it is reached over https: for its own host, the
 * scheme is the one it was asked by.
 *
 * @param asked The URL of the request that was answered.
 * @throws RegistryClientError `RESPONSE_INVALID` when it is missing or no URL, not of HTTP, or leads from https to http.
 */
export function responseUrl(value: string | undefined, asked: URL, header: string): URL {
  const url = value === undefined ? null : URL.parse(value, asked.href);
  if (url === null) throw invalidResponse(`the answer of ${asked.host} has no valid ${header}`);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw invalidResponse(`${header} of ${asked.host} leads to the scheme ${url.protocol}`);
  }
  if (asked.protocol === 'https:' && url.protocol === 'http:') {
    if (url.hostname !== asked.hostname) {
      throw invalidResponse(`${header} of ${asked.host} leads from https to plain http`);
    }
    url.protocol = 'https:';
    // The port of plain http says nothing of the one for https.
    url.port = asked.port;
  }
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}
