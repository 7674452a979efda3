import { digestOf, type Digest } from '@purser/core';
import { describe, expect, it } from 'vitest';
import type { Garbage } from './mark.ts';
import { topDown } from './top-down.ts';

const digest = (name: string) => digestOf(Buffer.from(name));

/** By names: `a: ['b']` says that `b` depends on `a`. */
function ranksOf(dependents: Readonly<Record<string, readonly string[]>>) {
  const names = new Map(Object.keys(dependents).map((name) => [digest(name), name]));
  const garbage = new Map<Digest, Garbage>(
    Object.entries(dependents).map(([name, others]) => [
      digest(name),
      { data: undefined, links: [], dependents: others.map(digest) },
    ]),
  );
  return topDown(garbage).map((rank) => rank.map((one) => names.get(one) ?? '').toSorted());
}

describe('the ranks of garbage', () => {
  it('are none of nothing', () => {
    expect(ranksOf({})).toEqual([]);
  });

  it('put what depends on nothing into one', () => {
    expect(ranksOf({ a: [], b: [], c: [] })).toEqual([['a', 'b', 'c']]);
  });

  it('put an index before its images, and those before their layers', () => {
    const dependents = { layer: [], image: ['layer'], index: ['image', 'other'], other: ['layer'] };
    expect(ranksOf(dependents)).toEqual([['index'], ['image', 'other'], ['layer']]);
  });

  it('put what depends on two after the later of them', () => {
    expect(ranksOf({ a: ['b', 'c'], b: ['c'], c: [] })).toEqual([['a'], ['b'], ['c']]);
    expect(ranksOf({ c: [], b: ['c'], a: ['c', 'b'] })).toEqual([['a'], ['b'], ['c']]);
  });

  it('leave out dependents that are no garbage', () => {
    expect(ranksOf({ a: ['elsewhere'] })).toEqual([['a']]);
  });

  it('come to an end where things depend on each other', () => {
    expect(
      ranksOf({ a: ['b'], b: ['a'] })
        .flat()
        .toSorted(),
    ).toEqual(['a', 'b']);
  });

  it('take nesting of any depth', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [`${index}`, [`${index + 1}`]]),
    );
    expect(ranksOf({ ...chain, '20000': [] })).toHaveLength(20_001);
  });
});
