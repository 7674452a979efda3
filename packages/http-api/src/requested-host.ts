import type { IncomingMessage } from 'node:http';

/**
 * The host that the client asked for, with its port if it named one: `Host`, or what stands in its place in HTTP/2.
 *
 * @see RFC 9113, section 8.3.1: `:authority` wins over a `Host` beside it.
 */
export function requestedHost({ headers }: IncomingMessage): string | undefined {
  const authority = headers[':authority'];
  return typeof authority === 'string' ? authority : headers.host;
}
