import {
  isRepositoryName,
  RegistryError,
  type Access,
  type AccessController,
  type AccessRefusal,
  type Caller,
  type RepositoryAction,
  type RepositoryName,
} from '@purser/core';
import type { Context } from 'koa';
import { forwardedOrigin, isHost } from './forwarded.ts';
import { splitTarget } from './request-target.ts';
import { requestedHost } from './requested-host.ts';

/** What a request is directed at, as far as rights go. */
export type Target =
  | { readonly repository: RepositoryName }
  | { readonly registry: 'base' | 'catalog' };

/**
 * Finds out who asks, and refuses who may not do what the request is about to do. The verified name is left in
 * `context.state.user`.
 *
 * @throws RegistryError `UNAUTHORIZED`, with `WWW-Authenticate` set; `DENIED`; whatever the controller fails with.
 * @see distribution, registry/handlers/app.go, `authorized`.
 */
export async function authorize(
  context: Context,
  controller: AccessController,
  target: Target,
): Promise<Caller> {
  const { headers } = context.req;
  const { scheme } = forwardedOrigin({ 'x-forwarded-proto': headers['x-forwarded-proto'] });
  const host = requestedHost(context.req);
  const caller = await controller.identify({
    authorization: headers.authorization,
    host: host !== undefined && isHost(host) ? host : undefined,
    forwardedScheme: scheme,
  });
  context.state['user'] = caller.user;
  const wanted = accessFor(context, target);
  const refusal = await caller.refusalOf(wanted);
  if (refusal !== undefined) throw refuse(context, refusal, wanted);
  return caller;
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

/** The rights that a request needs by its method and its path; a mount needs to pull from its source. */
function accessFor(context: Context, target: Target): readonly Access[] {
  if ('registry' in target) return target.registry === 'catalog' ? [CATALOG] : [];
  const wanted = (NEEDED[context.method] ?? []).map((action) =>
    accessTo(target.repository, action),
  );
  const source = new URLSearchParams(splitTarget(context.url).query).get('from');
  // No repository has an invalid name, and what is not there needs no right.
  return source !== null && isRepositoryName(source)
    ? [...wanted, accessTo(source, 'pull')]
    : wanted;
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
