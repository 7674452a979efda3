import {
  isRepositoryName,
  RegistryError,
  type Access,
  type AccessController,
  type AccessRefusal,
  type Caller,
  type RepositoryAction,
  type RepositoryName,
  type RouteName,
} from '@purser/core';
import type { Context } from 'koa';
import { accessRequestOf } from './access-request.ts';
import { departureSignal } from './client-departure.ts';
import { splitTarget } from './request-target.ts';

/** The endpoint of a request, and the repositories that it concerns: none for the endpoints of the registry itself. */
export interface Target {
  readonly route: RouteName;
  readonly repositories: readonly RepositoryName[];
}

/**
 * Identifies the caller. The verified name is left in `context.state.user`.
 *
 * @throws RegistryError whatever the controller fails with.
 */
export async function identify(context: Context, controller: AccessController): Promise<Caller> {
  const signal = departureSignal(context);
  // Of a connection that has closed there is no address.
  signal.throwIfAborted();
  const caller = await controller.identify(accessRequestOf(context.req), { signal });
  context.state['user'] = caller.user;
  return caller;
}

/**
 * Refuses a request that the caller has no right to.
 *
 * The right to pull from the source of a mount is part of every challenge, as in distribution, so that clients get a token
 * that includes it. A caller without that right is not refused: the blob is uploaded instead of mounted.
 *
 * @throws RegistryError `UNAUTHORIZED`, with `WWW-Authenticate` set; `DENIED`.
 * @see distribution, registry/handlers/app.go, `authorized`.
 */
export async function authorize(context: Context, caller: Caller, target: Target): Promise<void> {
  const needed = accessFor(context, target);
  const refusal = await caller.refusalOf(needed);
  if (refusal === undefined) return;
  const source = mountSourceOf(context);
  if (source === undefined) throw refuse(context, refusal, needed);
  const wanted = [...needed, source];
  throw refuse(context, (await caller.refusalOf(wanted)) ?? refusal, wanted);
}

/**
 * Refuses who may not do what turned out only in the course of a request.
 *
 * @throws RegistryError `UNAUTHORIZED`, `DENIED`.
 */
export function refuse(
  context: Context,
  refusal: AccessRefusal,
  wanted: readonly Access[],
): RegistryError {
  const detail = describe(wanted);
  if (refusal.kind === 'denied') {
    const message = `requested access to the resource is denied: ${refusal.reason}`;
    return new RegistryError('DENIED', { message, detail });
  }
  context.set('WWW-Authenticate', [...refusal.challenges]);
  return new RegistryError('UNAUTHORIZED', { detail });
}

const NEEDED: Readonly<Record<string, readonly RepositoryAction[]>> = {
  DELETE: ['delete'],
  GET: ['pull'],
  HEAD: ['pull'],
  PATCH: ['pull', 'push'],
  POST: ['pull', 'push'],
  PUT: ['pull', 'push'],
};

/** The rights that a request needs by its method and its endpoint. */
function accessFor({ method }: Context, { route, repositories }: Target): readonly Access[] {
  if (route === 'catalog') return [CATALOG];
  const actions = NEEDED[method] ?? [];
  return repositories.flatMap((name) => actions.map((action) => accessTo(name, action)));
}

/** The right that a mount needs besides. No repository has an invalid name. */
function mountSourceOf(context: Context): Access | undefined {
  const source = new URLSearchParams(splitTarget(context.url).query).get('from');
  return source !== null && isRepositoryName(source) ? accessTo(source, 'pull') : undefined;
}

const CATALOG: Access = { type: 'registry', name: 'catalog', action: '*' };

export function accessTo(name: RepositoryName, action: RepositoryAction): Access {
  return { type: 'repository', name, action };
}

/** With the members and the order that distribution gives them; nothing wanted is `null`. */
function describe(wanted: readonly Access[]) {
  if (wanted.length === 0) return null;
  return wanted.map(({ type, name, action }) => ({
    Type: type,
    Class: '',
    Name: name,
    Action: action,
  }));
}
