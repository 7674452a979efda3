import type { OutgoingHttpHeaders } from 'node:http';
import { Forwarder } from '@purser/registry-under-test';

export interface ReverseProxyOptions {
  /** The Unix socket on which the registry listens. */
  readonly socketPath: string;
  /** What `/v2/` of the client becomes begins with it. Default: nothing. */
  readonly prefix?: string | undefined;
  /** Whether the registry is told of the client's host and scheme, in `X-Forwarded-Host` and `-Proto`. Default `false`. */
  readonly forwards?: boolean | undefined;
  /**
   * Whether the prefix is cut off the URLs of answers. A `Location` or `Link` without it is then an error of the registry: the
   * client gets 502. Default `false`.
   */
  readonly mapsAnswers?: boolean | undefined;
}

/** The name that the registry sees. No client can reach it, so a URL with it is found out. */
const INNER_HOST = 'registry.invalid';

/** Stands on a port of the loopback interface in front of a registry that sees another `Host` than its client named. */
export function startReverseProxy(options: ReverseProxyOptions): Promise<Forwarder> {
  const { socketPath, prefix = '', forwards = false, mapsAnswers = false } = options;
  return Forwarder.start({
    route: ({ url = '/' }, headers) => ({
      socketPath,
      path: prefix + url,
      headers: { ...headers, host: INNER_HOST, ...(forwards ? forwardedOf(headers) : {}) },
    }),
    answer: (headers) => (mapsAnswers ? withoutPrefixes(headers, prefix) : headers),
  });
}

function forwardedOf({ host }: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return { 'x-forwarded-host': host, 'x-forwarded-proto': 'http' };
}

function withoutPrefixes(headers: OutgoingHttpHeaders, prefix: string): OutgoingHttpHeaders {
  return {
    ...headers,
    ...mapped(headers, 'location', (url) => withoutPrefix(url, prefix)),
    ...mapped(headers, 'link', (link) =>
      link.replace(/<([^>]*)>/, (_, url: string) => `<${withoutPrefix(url, prefix)}>`),
    ),
  };
}

function mapped(
  headers: OutgoingHttpHeaders,
  name: string,
  map: (value: string) => string,
): OutgoingHttpHeaders {
  const values = headers[name];
  return Array.isArray(values) ? { [name]: values.map(map) } : {};
}

/** @throws Error when the path of the URL does not begin with the prefix. */
function withoutPrefix(url: string, prefix: string): string {
  const origin = /^https?:\/\/[^/]*/.exec(url)?.[0] ?? '';
  const path = url.slice(origin.length);
  if (!path.startsWith(`${prefix}/`)) throw new Error(`the registry names ${url}, not ${prefix}/…`);
  return origin + path.slice(prefix.length);
}
