import type { Digest } from '@purser/core';
import type { Garbage } from './mark.ts';

/**
 * The order in which garbage can be deleted: what is spared keeps its dependents, so they come in a later rank. Within a
 * rank nothing depends on anything.
 */
export function topDown(garbage: ReadonlyMap<Digest, Garbage>): readonly (readonly Digest[])[] {
  const depths = new Map<Digest, number>();
  const ranks: Digest[][] = [];
  for (const digest of parentsFirst(garbage)) {
    const depth = depths.get(digest) ?? 0;
    (ranks[depth] ??= []).push(digest);
    for (const dependent of garbage.get(digest)?.dependents ?? []) {
      depths.set(dependent, Math.max(depths.get(dependent) ?? 0, depth + 1));
    }
  }
  return ranks;
}

/** Everything, each before its dependents. */
function parentsFirst(garbage: ReadonlyMap<Digest, Garbage>): readonly Digest[] {
  const begun = new Set<Digest>();
  const bottomUp: Digest[] = [];
  const begin = (digest: Digest) => {
    begun.add(digest);
    return { digest, dependents: (garbage.get(digest)?.dependents ?? []).values() };
  };
  for (const start of garbage.keys()) {
    if (begun.has(start)) continue;
    // No recursion: what others push may be nested as deep as they like.
    const path = [begin(start)];
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const { value: next } = last.dependents.next();
      if (next === undefined) bottomUp.push(path.pop()!.digest);
      else if (garbage.has(next) && !begun.has(next)) path.push(begin(next));
    }
  }
  return bottomUp.toReversed();
}
