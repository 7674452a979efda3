import { RegistryError } from '@purser/core';
import type { Context, Middleware } from 'koa';
import { isDeparture } from './client-departure.ts';
import { resolveOptions, type RegistryApiOptions, type Settings } from './options.ts';
import { renderError } from './render-errors.ts';
import { drain } from './request-body.ts';
import { requireOneHost } from './requested-host.ts';
import { decodePath, splitTarget } from './request-target.ts';
import { createRouter } from './route-table.ts';

/**
 * The registry HTTP API as Koa middleware: everything below `<prefix>/v2` is answered, everything else goes on to the
 * next middleware untouched.
 *
 * Nothing is thrown: every failure becomes an answer in the error format of the OCI distribution-spec. A body that was
 * not read is taken off the connection, up to 8 MiB; beyond that the connection ends.
 *
 * @throws TypeError when an option could not work.
 * @see OCI distribution-spec, "Endpoints"; `_catalog` is distribution's.
 */
export function createRegistryApi(options: RegistryApiOptions): Middleware {
  const settings = resolveOptions(options);
  const route = createRouter(settings);

  return async function registryApi(context, next) {
    const { path, query } = splitTarget(context.url);
    if (!isApiPath(path, settings.prefix)) return next();
    addHeaders(context, settings);
    try {
      requireOneHost(context.req);
      const place = settings.admit?.(context);
      if (place !== undefined) await place;
      // Origin-form is the only one that everything behind reads alike.
      if (!context.url.startsWith('/')) context.url = query === '' ? path : `${path}?${query}`;
      context['newRouterPath'] = decodePath(path.slice(settings.prefix.length));
      await route(context, refuseUnknownRoute);
    } catch (error) {
      answerFailure(context, error, settings);
    } finally {
      drain(context.req);
    }
  };
}

function isApiPath(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const rest = path.slice(prefix.length);
  return rest === '/v2' || rest.startsWith('/v2/');
}

function addHeaders(context: Context, { headers }: Settings): void {
  context.res.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
  for (const [name, value] of headers) context.res.setHeader(name, value);
}

function answerFailure(context: Context, failure: unknown, { onError }: Settings): void {
  const error = firstOf(failure);
  if (isDeparture(error, context)) return;
  renderError(context, error);
  if (context.status >= 500) onError(error, context);
}

/** What went wrong first: then giving back what the request held may have failed, too. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}

async function refuseUnknownRoute(): Promise<never> {
  throw new RegistryError('ROUTE_UNKNOWN');
}
