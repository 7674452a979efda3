import cors from '@koa/cors';
import type { Context, Middleware } from 'koa';
import type { Config } from '../../config/schema.ts';

/** What scripts may read of answers, beyond what they always may. */
const EXPOSED = [
  'Content-Length',
  'Content-Range',
  'Docker-Content-Digest',
  'Docker-Distribution-Api-Version',
  'Docker-Upload-Uuid',
  'Etag',
  'Link',
  'Location',
  'OCI-Filters-Applied',
  'OCI-Namespace',
  'OCI-Subject',
  'OCI-Tag',
  'Range',
  'Retry-After',
  'Warning',
  'Www-Authenticate',
  'X-Request-Id',
];

/**
 * Lets web pages of other hosts use the registry: their preflight requests are answered for whoever asks, and every
 * answer says that they may read it, refusals as well.
 *
 * @returns `undefined` when no origin is allowed.
 * @see Fetch standard, "CORS protocol".
 */
export function allowOrigins({
  origins,
  allowcredentials,
  maxage,
}: Config['http']['cors']): Middleware | undefined {
  if (origins.length === 0) return undefined;
  const allowsAll = origins.includes('*');
  const allowed = new Set(origins);
  return cors({
    origin: (context: Context) => {
      if (allowsAll) return '*';
      const origin = context.get('Origin');
      return allowed.has(origin) ? origin : '';
    },
    credentials: allowcredentials,
    exposeHeaders: EXPOSED,
    maxAge: Math.floor(maxage / 1000),
  });
}
