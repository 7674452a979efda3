import { randomUUID } from 'node:crypto';

const HEADER = 'x-request-id';

/** Text that breaks no line, field or URL of a log, whatever reads it. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:/+=@~-]{0,127}$/;

/** Any request whose headers were read, of HTTP/1.1 or HTTP/2. */
interface IdentifiedRequest {
  readonly headers: Record<string, string | readonly string[] | undefined>;
}

/**
 * Returns the id of a request: its `X-Request-Id`, if that is one id of at most 128 letters, digits and `._:/+=@~-`, or
 * else a new UUID, which takes the place of the header.
 */
export function requestIdOf({ headers }: IdentifiedRequest): string {
  const sent = headers[HEADER];
  if (typeof sent === 'string' && ID.test(sent)) return sent;
  const id = randomUUID();
  headers[HEADER] = id;
  return id;
}
