import type { Scope } from '../transport/scope.ts';

/** Actions in the order in which people write them; others follow in byte order. */
const ORDER = ['pull', 'push', 'delete', '*'];

/**
 * The union of scopes as a token server is asked for it: one text for each resource, in byte order, each with its
 * actions in one order. Equal access is equal text.
 *
 * @see CNCF Distribution, "Token Scope Documentation".
 */
export function normalizeScopes(...sets: readonly (readonly Scope[])[]): readonly string[] {
  const resources = new Map<string, Set<string>>();
  for (const { type, name, actions } of sets.flat()) {
    const resource = `${type}:${name}`;
    const granted = resources.get(resource) ?? new Set<string>();
    for (const action of actions) granted.add(action);
    resources.set(resource, granted);
  }
  const texts = [...resources].map(
    ([resource, actions]) => `${resource}:${[...actions].toSorted(byOrder).join(',')}`,
  );
  return texts.toSorted();
}

/** Reads the `scope` of a challenge. What is no scope is passed over. */
export function parseScopes(text: string | undefined): readonly Scope[] {
  return (text ?? '').split(' ').flatMap(parseScope);
}

/** A name may hold colons, as those of registries with a port do. */
function parseScope(text: string): readonly Scope[] {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first <= 0 || last <= first + 1) return [];
  const actions = text
    .slice(last + 1)
    .split(',')
    .filter((action) => action !== '');
  return [{ type: text.slice(0, first), name: text.slice(first + 1, last), actions }];
}

function byOrder(first: string, second: string): number {
  const rank = (action: string) => (ORDER.indexOf(action) + ORDER.length + 1) % (ORDER.length + 1);
  return rank(first) - rank(second) || (first < second ? -1 : Number(first > second));
}
