import type { Digest } from '@purser/core';
import type { Garbage } from './mark.ts';

export interface Order {
  /** What others depend on, each before its dependents. */
  readonly first: readonly Digest[];
  /** In any order, after these. */
  readonly rest: readonly Digest[];
}

/** The order in which garbage can be deleted: what is spared keeps what comes after it. */
export function topDown(garbage: ReadonlyMap<Digest, Garbage>): Order {
  const begun = new Set<Digest>();
  const bottomUp: Digest[] = [];
  const dependentsOf = (digest: Digest) => garbage.get(digest)?.dependents ?? [];
  const begin = (digest: Digest) => {
    begun.add(digest);
    return { digest, dependents: dependentsOf(digest).values() };
  };
  for (const [start, { dependents }] of garbage) {
    if (dependents.length === 0 || begun.has(start)) continue;
    // No recursion: what others push may be nested as deep as they like.
    const path = [begin(start)];
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const { value: next } = last.dependents.next();
      if (next === undefined) bottomUp.push(path.pop()!.digest);
      else if (dependentsOf(next).length > 0 && !begun.has(next)) path.push(begin(next));
    }
  }
  const first = bottomUp.toReversed();
  const rest = [...garbage.keys()].filter((digest) => !begun.has(digest));
  return { first, rest };
}
