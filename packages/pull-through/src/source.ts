import type { Digest, Repository, RepositoryName } from '@purser/core';

/** One repository of an upstream, and where it is kept here. */
export interface Source {
  /** The upstream by the name that messages tell: its host. */
  readonly upstream: string;
  readonly remote: Repository;
  /** What was pulled before. */
  readonly store: Repository;
  /** The name under which it is kept. */
  readonly name: RepositoryName;
}

/** What stands for a blob or manifest of one repository, also in the state of distribution's scheduler. */
export function keyOf(name: RepositoryName, digest: Digest): string {
  return `${name}@${digest}`;
}
