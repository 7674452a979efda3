import type { IncomingMessage } from 'node:http';
import { RegistryError } from '@purser/core';

/**
 * The host that the client asked for, with its port if it named one: `Host`, or what stands in its place in HTTP/2.
 *
 * @see RFC 9113, section 8.3.1: `:authority` wins over a `Host` beside it.
 */
export function requestedHost({ headers }: IncomingMessage): string | undefined {
  const authority = headers[':authority'];
  return typeof authority === 'string' ? authority : headers.host;
}

/**
 * Node.js takes the first of several hosts, and what lies between may take another.
 *
 * @throws RegistryError `REQUEST_MALFORMED`.
 * @see RFC 9112, section 3.2.
 */
export function requireOneHost({ rawHeaders }: IncomingMessage): void {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 'host'.length && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1) {
    const message = 'the request has more than one Host: it may mean another server';
    throw new RegistryError('REQUEST_MALFORMED', { message });
  }
}
