import type { RepositoryName } from '@purser/core';
import type { Scope } from './transport/scope.ts';

/** The access that reading a repository needs. */
export function pulling(name: RepositoryName): readonly Scope[] {
  return [{ type: 'repository', name, actions: ['pull'] }];
}

/** The access that writing to a repository needs; with `from`, also to mount from there. */
export function pushing(name: RepositoryName, from?: RepositoryName): readonly Scope[] {
  const target: Scope = { type: 'repository', name, actions: ['pull', 'push'] };
  return from === undefined ? [target] : [target, ...pulling(from)];
}

/** Distribution wants `delete` alone, also to cancel an upload; others want the right to push. */
export function deleting(name: RepositoryName): readonly Scope[] {
  return [{ type: 'repository', name, actions: ['pull', 'push', 'delete'] }];
}

export const LISTING: readonly Scope[] = [{ type: 'registry', name: 'catalog', actions: ['*'] }];
