import { describe, expect, it } from 'vitest';
import { topDown } from './top-down.ts';

/** By names: `a: ['b']` says that `b` depends on `a`. */
async function ranksOf(dependents: Readonly<Record<string, readonly string[]>>) {
  const names = [...new Set([...Object.keys(dependents), ...Object.values(dependents).flat()])];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const numbersOf = (some: readonly string[]) => some.map((name) => numbers.get(name)!);
  const ranks = await topDown({
    numbers: () => numbersOf(Object.keys(dependents)),
    dependentsOf: (number) => numbersOf(dependents[names[number]!] ?? []),
  });
  return ranks.map((rank) => rank.map((number) => names[number]!).toSorted());
}

describe('the ranks of garbage', () => {
  it('are none of nothing', async () => {
    expect(await ranksOf({})).toEqual([]);
  });

  it('put what depends on nothing into one', async () => {
    expect(await ranksOf({ a: [], b: [], c: [] })).toEqual([['a', 'b', 'c']]);
  });

  it('put an index before its images, and those before their layers', async () => {
    const dependents = { layer: [], image: ['layer'], index: ['image', 'other'], other: ['layer'] };
    expect(await ranksOf(dependents)).toEqual([['index'], ['image', 'other'], ['layer']]);
  });

  it('put what depends on two after the later of them', async () => {
    expect(await ranksOf({ a: ['b', 'c'], b: ['c'], c: [] })).toEqual([['a'], ['b'], ['c']]);
    expect(await ranksOf({ c: [], b: ['c'], a: ['c', 'b'] })).toEqual([['a'], ['b'], ['c']]);
  });

  it('leave out dependents that are no garbage', async () => {
    expect(await ranksOf({ a: ['elsewhere'] })).toEqual([['a']]);
  });

  it('come to an end where things depend on each other', async () => {
    expect((await ranksOf({ a: ['b'], b: ['a'] })).flat().toSorted()).toEqual(['a', 'b']);
  });

  it('take nesting of any depth', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [`${index}`, [`${index + 1}`]]),
    );
    expect(await ranksOf({ ...chain, '20000': [] })).toHaveLength(20_001);
  });
});
