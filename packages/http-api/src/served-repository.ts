import { parseRepositoryName, type RepositoryName, type RouteName } from '@purser/core';
import type { Context } from 'koa';
import { splitTarget } from './request-target.ts';

/** The repository that a client asks for, in the client's words. */
export interface RequestedRepository {
  /** The name in the path. */
  readonly name: RepositoryName;
  /**
   * The query parameter `ns`: the host that the client took the name from.
   *
   * @see OCI distribution-spec, "Registry Proxying".
   */
  readonly namespace?: string | undefined;
}

/** The repository that a request works on. */
export interface ServedRepository {
  readonly name: RepositoryName;
  /** The namespace, if it decided the name; the answer then has it as `OCI-Namespace`. */
  readonly namespace?: string | undefined;
  /**
   * Names the repository that serves a read in place of this one; `undefined` if none does. It is called only after the
   * caller has proved to have the right to this one, and the caller needs the right to the other one as well. So a
   * caller without rights does not learn which of them serves a request.
   */
  readonly fallback?: (() => Promise<RepositoryName | undefined>) | undefined;
}

/**
 * Returns the repository that a request works on. It must depend on nothing but its argument: not on the method, and not
 * on the caller, who is unknown when it is called.
 *
 * @throws RegistryError `NAME_UNKNOWN`, `NAME_INVALID` if no repository can serve the request.
 */
export type RepositoryResolver = (requested: RequestedRepository) => ServedRepository;

/** The endpoints that a fallback serves, and the methods. */
const FALLING_BACK: Readonly<Partial<Record<RouteName, readonly string[]>>> = {
  // A client asks with HEAD whether it has to upload a blob: what another repository has does not help its push.
  blob: ['GET'],
  manifest: ['GET', 'HEAD'],
  referrers: ['GET', 'HEAD'],
  tags: ['GET', 'HEAD'],
};

/** Both names of the repository of one request. */
export interface RepositoryNames {
  readonly requested: RequestedRepository;
  readonly served: ServedRepository;
  /** The names that the caller needs rights to: the one that is served last. */
  readonly authorized: readonly RepositoryName[];
}

/**
 * Finds out which repository a request works on, and leaves its name in `context.state.repository`.
 *
 * @param name The name in the path.
 * @param resolve Default: the repository of that name, whatever `ns` says.
 * @throws RegistryError `NAME_INVALID`; any error of the resolver.
 */
export function resolveNames(
  context: Context,
  name: string,
  resolve: RepositoryResolver = ({ name: named }) => ({ name: named }),
): RepositoryNames {
  const query = new URLSearchParams(splitTarget(context.url).query);
  const namespace = query.get('ns') || undefined;
  const requested = { name: parseRepositoryName(name), namespace };
  const served = resolve(requested);
  context.state['repository'] = served.name;
  return { requested, served, authorized: [served.name] };
}

/** @returns The names with the fallback as the repository that is served; `undefined` if there is none. */
export async function fallBack(
  context: Context,
  route: RouteName,
  { requested, served, authorized }: RepositoryNames,
): Promise<RepositoryNames | undefined> {
  if (FALLING_BACK[route]?.includes(context.method) !== true) return undefined;
  const name = await served.fallback?.();
  if (name === undefined) return undefined;
  context.state['repository'] = name;
  return { requested, served: { name }, authorized: [...authorized, name] };
}
