import type { Access } from '@purser/core';

/** What a token grants of one resource. */
interface GrantedScope {
  readonly type: string;
  /** Of content that may be pushed. A token that names none means images. */
  readonly class: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** The scopes of a token, by the name of the resource: a token for a thousand repositories is not searched for each. */
export type GrantedScopes = ReadonlyMap<string, readonly GrantedScope[]>;

/**
 * Reads the `access` claim; absent and `null` grant nothing.
 *
 * @returns `undefined` when it is malformed.
 * @see distribution, "Docker Registry Token Authentication Implementation".
 */
export function parseScopes(claim: unknown): GrantedScopes | undefined {
  if (claim === undefined || claim === null) return new Map();
  if (!Array.isArray(claim)) return undefined;
  const scopes = claim.map(parseScope);
  if (scopes.includes(undefined)) return undefined;
  return Map.groupBy(scopes as GrantedScope[], ({ name }) => name);
}

function parseScope(entry: unknown): GrantedScope | undefined {
  const given = (entry ?? {}) as Readonly<Record<string, unknown>>;
  const { type, name, actions, class: claimed } = given;
  if (typeof type !== 'string' || typeof name !== 'string') return undefined;
  const resource = { type, name, class: (typeof claimed === 'string' && claimed) || 'image' };
  if (actions === undefined || actions === null) return { ...resource, actions: [] };
  const isList = Array.isArray(actions) && actions.every((action) => typeof action === 'string');
  return isList ? { ...resource, actions } : undefined;
}

/** Tokens know no difference between a push that overwrites and one that does not. */
function actionOf({ action }: Access): string {
  return action === 'overwrite' ? 'push' : action;
}

export function isGranted(scopes: GrantedScopes, access: Access): boolean {
  const action = actionOf(access);
  const ofName = scopes.get(access.name) ?? [];
  return ofName.some(
    ({ type, actions }) =>
      type === access.type && (actions.includes(action) || actions.includes('*')),
  );
}

/**
 * The classes of content that a token names for a repository.
 *
 * @returns `undefined` when it names the repository not at all.
 * @see distribution, registry/auth/token, `resources`.
 */
export function grantedClasses(
  scopes: GrantedScopes,
  repository: string,
): readonly string[] | undefined {
  const granted = (scopes.get(repository) ?? []).filter(({ type }) => type === 'repository');
  return granted.length === 0 ? undefined : granted.map((scope) => scope.class);
}

/**
 * The `scope` of a challenge: `repository:a:pull,push repository:b:pull`, in the order in which it is wanted. Absent when
 * nothing is.
 */
export function formatScope(wanted: readonly Access[]): string | undefined {
  const actions = new Map<string, Set<string>>();
  for (const access of wanted) {
    const resource = `${access.type}:${access.name}`;
    actions.set(resource, (actions.get(resource) ?? new Set()).add(actionOf(access)));
  }
  if (actions.size === 0) return undefined;
  return [...actions].map(([resource, set]) => `${resource}:${[...set].join(',')}`).join(' ');
}
