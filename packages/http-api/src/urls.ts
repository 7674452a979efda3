import type { Context } from 'koa';
import { isEncrypted } from './encryption.ts';
import { forwardedOrigin, isHost } from './forwarded.ts';
import { splitTarget } from './request-target.ts';
import { requestedHost } from './requested-host.ts';

export interface UrlOptions {
  /** The path before `/v2/`, or nothing. */
  readonly prefix: string;
  /** The public URL; what the request says when absent. */
  readonly host: string | undefined;
  /** Whether URLs of the request are paths alone. */
  readonly relative: boolean;
}

/** Writes the URLs of endpoints as the client that asks sees them. */
export interface UrlBuilder {
  /** For `Location`: absolute, unless relative URLs are wanted or the request names no usable host. */
  locate(context: Context, path: string): string;
  /** For `Link`: a path, which begins where the path of the request does. */
  link(context: Context, path: string): string;
}

/**
 * @throws TypeError when `host` is no http or https URL.
 * @see distribution, registry/api/v2/urls.go.
 */
export function createUrlBuilder({ prefix, host, relative }: UrlOptions): UrlBuilder {
  const root = host === undefined ? undefined : parseRoot(host);
  const link = (context: Context, path: string) => mountPath(context) + prefix + path;

  return {
    link,
    locate(context, path) {
      if (root !== undefined) return root + path;
      return relative ? link(context, path) : originOf(context) + link(context, path);
    },
  };
}

function parseRoot(host: string): string {
  const url = URL.parse(host);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`host must be an http or https URL: ${host}`);
  }
  return url.origin + url.pathname.slice(0, url.pathname.lastIndexOf('/'));
}

/**
 * The start of the path that an outer application cut off before it handed the request on.
 *
 * Koa keeps the whole URL in the context; Express and connect keep it in the message, since they change `url` there.
 */
function mountPath({ originalUrl: ofContext, req, url }: Context): string {
  const originalUrl = 'originalUrl' in req ? String(req.originalUrl) : ofContext;
  if (originalUrl === url) return '';
  const original = splitTarget(originalUrl).path;
  const { path } = splitTarget(url);
  return original.endsWith(path) ? original.slice(0, original.length - path.length) : '';
}

function originOf({ req, res }: Context): string {
  const { scheme = isEncrypted(res) ? 'https' : 'http', host = requestedHost(req) } =
    forwardedOrigin(req.headers);
  return host !== undefined && isHost(host) ? `${scheme}://${host}` : '';
}
