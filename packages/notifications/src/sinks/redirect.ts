/** How many are followed for one attempt, as in Go's HTTP client. */
export const MAXIMUM_REDIRECTS = 10;

/** The answers that send a request elsewhere. 303 says that the event need not be sent there. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * Where a redirect leads. It is followed within the origin alone, or from http to https on the default ports of one host: the
 * event, its signature and the headers are meant for one receiver.
 *
 * @returns A text for why it is not followed.
 */
export function followRedirect(from: URL, location: string | null): URL | string {
  const target = location === null ? null : URL.parse(location, from.href);
  if (target === null) return 'it redirects to nowhere';
  if (target.origin === from.origin || isUpgrade(from, target)) {
    [target.username, target.password] = ['', ''];
    return target;
  }
  return `it redirects to another origin: configure its URL at ${target.origin} if that is meant`;
}

function isUpgrade(from: URL, { protocol, port, hostname }: URL): boolean {
  const isSecured = from.protocol === 'http:' && protocol === 'https:';
  return isSecured && hostname === from.hostname && from.port === '' && port === '';
}
