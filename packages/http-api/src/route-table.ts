import Router from '@koa/router';
import {
  RegistryError,
  routes,
  type Caller,
  type Route,
  type RouteName,
  type RouteParameters,
} from '@purser/core';
import type { Context, Middleware } from 'koa';
import { answerEmpty } from './answers.ts';
import { authorize, identify } from './authorize.ts';
import type { Call, Handler, Method, MethodTable, RepositoryCall } from './call.ts';
import { base } from './handlers/base.ts';
import { blobs } from './handlers/blobs.ts';
import { catalog } from './handlers/catalog.ts';
import { manifests } from './handlers/manifests.ts';
import { referrers } from './handlers/referrers.ts';
import { repository } from './handlers/repository.ts';
import { tags } from './handlers/tags.ts';
import { upload, uploads } from './handlers/uploads.ts';
import { claimedUser, clientAddress } from './client-claims.ts';
import type { RequestFacts, Settings } from './options.ts';
import { fallBack, resolveNames, type RepositoryNames } from './served-repository.ts';
import { warn } from './warnings.ts';
import { admitWrite, allowedNow } from './write-gate.ts';

type ParametersOf<Name extends RouteName> = RouteParameters<(typeof routes)[Name]['pattern']>;

const TABLES: { readonly [Name in RouteName]: MethodTable<Call<ParametersOf<Name>>> } = {
  base,
  catalog,
  tags: inRepository(tags),
  referrers: inRepository(referrers),
  manifest: inRepository(manifests),
  uploads: inRepository(uploads),
  upload: inRepository(upload),
  blob: inRepository(blobs),
  repository: inRepository(repository),
};

/**
 * Routes `context.newRouterPath`, a decoded path, by the table of routes of the registry API, in its order: the first
 * route that fits decides, whatever the method.
 */
export function createRouter(settings: Settings): Middleware {
  const router = new Router();
  for (const name of Object.keys(routes) as RouteName[]) {
    const dispatch = createDispatcher(settings, name, TABLES[name]);
    // Its path fits whatever is unknown, too: that stays unknown.
    if (name === 'repository') router.delete(routes[name].expression, dispatch);
    else router.all(routes[name].expression, dispatch);
  }
  return router.routes() as Middleware;
}

function createDispatcher(settings: Settings, routeName: RouteName, table: MethodTable<never>) {
  const { access, writes, onRoute, onCaller } = settings;
  const route: Route = routes[routeName];
  const handlers = new Map(Object.entries(table) as [string, Handler<Call>][]);
  const methods = [...handlers.keys()].toSorted();

  return async function dispatch(context: Context): Promise<void> {
    onRoute(routeName, context);
    const parameters = route.parse(context['newRouterPath']);
    if (isPreflight(context)) return answerOtherMethod(context, allowedNow(methods, writes));
    // The names come first: no caller has rights to a name that no repository can have.
    const asked = OF_REGISTRY.has(routeName) ? undefined : namesOf(context, parameters, settings);
    const caller = access && (await identify(context, access));
    if (caller !== undefined) onCaller?.(caller, context);
    const names = await authorizeNames(context, { route: routeName, names: asked }, caller);
    const handler = handlers.get(context.method);
    if (handler === undefined) return answerOtherMethod(context, allowedNow(methods, writes));
    using _write = admitWrite(context, methods, writes);
    await handler({ context, settings, parameters, caller, names });
  };
}

interface NamedRequest {
  readonly route: RouteName;
  readonly names: RepositoryNames | undefined;
}

/** @returns The names of the repository that serves the request, after each name that it went by was authorised. */
async function authorizeNames(
  context: Context,
  { route, names }: NamedRequest,
  caller: Caller | undefined,
): Promise<RepositoryNames | undefined> {
  const repositories = names?.authorized ?? [];
  if (caller !== undefined) await authorize(context, caller, { route, repositories });
  const fallback = names && (await fallBack(context, route, names));
  return fallback ? authorizeNames(context, { route, names: fallback }, caller) : names;
}

/** Routes without a repository. */
const OF_REGISTRY: ReadonlySet<RouteName> = new Set(['base', 'catalog']);

function namesOf(context: Context, parameters: unknown, { resolveRepository }: Settings) {
  const { name } = parameters as { readonly name: string };
  return resolveNames(context, name, resolveRepository);
}

/** A browser asks, before a page of another host sends its request. It has no login then, and is told nothing but `Allow`. */
function isPreflight({ method, req }: Context): boolean {
  return method === 'OPTIONS' && req.headers['access-control-request-method'] !== undefined;
}

function answerOtherMethod(context: Context, allow: string): void {
  context.set('Allow', allow);
  if (context.method !== 'OPTIONS') {
    throw new RegistryError('UNSUPPORTED', { message: `this endpoint knows ${allow}` });
  }
  answerEmpty(context, 200);
}

/** Lets handlers work on the repository that serves the request. */
function inRepository<P>(
  table: MethodTable<RepositoryCall<P>>,
): MethodTable<Call<P & { readonly name: string }>> {
  const entries = Object.entries(table).map(
    ([method, handler]) =>
      [
        method as Method,
        (call: Call<P & { readonly name: string }>) => handler(inRepositoryOf(call)),
      ] as const,
  );
  return Object.fromEntries(entries);
}

function inRepositoryOf<P>(call: Call<P>): RepositoryCall<P> {
  const { context, settings, names } = call;
  const { requested, served } = names!;
  if (served.namespace !== undefined) context.set('OCI-Namespace', served.namespace);
  const repository = settings.registry.repository(served.name);
  const decorated = settings.decorate?.(repository, factsOf(call)) ?? repository;
  return { ...call, repository: decorated, requested };
}

function factsOf(call: Call): RequestFacts {
  const { context, caller } = call;
  const { urls } = call.settings;
  const id: unknown = context.state['requestId'];
  return {
    method: context.method,
    host: context.host,
    address: clientAddress(context.req),
    user: userOf(context, caller),
    userAgent: context.get('User-Agent'),
    range: context.get('Range') || undefined,
    baseUrl: urls.locate(context, ''),
    id: typeof id === 'string' ? id : undefined,
    answer: { warn: (text) => warn(context, text) },
  };
}

function userOf(context: Context, caller: Caller | undefined): string | undefined {
  return caller === undefined ? claimedUser(context.req.headers.authorization) : caller.user;
}
