import { RegistryError, routes } from '@purser/core';
import type { Context, Middleware } from 'koa';
import { answerEmpty } from './answers.ts';
import { isDeparture } from './client-departure.ts';
import { resolveOptions, type RegistryApiOptions, type Settings } from './options.ts';
import { renderError } from './render-errors.ts';
import { drain } from './request-body.ts';
import { requireOneHost } from './requested-host.ts';
import { cleanPath, decodePath, splitTarget } from './request-target.ts';
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
    const { path: requested, query } = splitTarget(context.url);
    const path = cleanPath(requested);
    if (!isApiPath(path, settings.prefix)) return next();
    addHeaders(context, settings);
    try {
      requireOneHost(context.req);
      const admitted = settings.admit?.(context);
      using _work = admitted instanceof Promise ? await admitted : admitted;
      // Origin-form is the only one that everything behind reads alike.
      if (!context.url.startsWith('/')) context.url = query === '' ? path : `${path}?${query}`;
      if (path !== requested) return redirectTo(context, settings, path);
      context['newRouterPath'] = decodePath(path.slice(settings.prefix.length));
      await route(context, async () => redirectTo(context, settings, path.replace(/\/$/, '')));
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

/**
 * Sends a client whose path has a slash too many to the endpoint. Never for DELETE: the path of a whole repository ends with a
 * slash, and nothing else may become it.
 *
 * @throws RegistryError `ROUTE_UNKNOWN` if there is no such endpoint.
 * @see distribution: gorilla/mux with StrictSlash answers 301, for every method; 308 keeps the method.
 */
function redirectTo(context: Context, settings: Settings, path: string): void {
  const { method } = context;
  const target = path.slice(settings.prefix.length);
  const { path: requested, query } = splitTarget(context.url);
  if (method === 'DELETE' || path === requested || !isEndpoint(target)) {
    throw new RegistryError('ROUTE_UNKNOWN');
  }
  const search = query === '' ? '' : `?${query}`;
  context.set('Location', settings.urls.link(context, target) + search);
  answerEmpty(context, method === 'GET' || method === 'HEAD' ? 301 : 308);
}

function isEndpoint(path: string): boolean {
  const decoded = decodePath(path);
  return Object.values(routes).some((route) => route.expression.test(decoded));
}
