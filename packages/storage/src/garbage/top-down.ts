import { NumberList } from '../number-list.ts';
import { parentsFirst } from '../parents-first.ts';
import { Turns } from '../turns.ts';
import type { GarbageSet } from './marks.ts';

/**
 * The order in which garbage can be deleted: what is spared keeps its dependents, so they come in a later rank. Within a
 * rank nothing depends on anything.
 */
export async function topDown(
  garbage: Pick<GarbageSet, 'numbers' | 'dependentsOf'>,
): Promise<readonly (readonly number[])[]> {
  const turns = new Turns();
  const depths = new NumberList();
  const ranks: number[][] = [];
  for (const number of await parentsFirst(garbage)) {
    const depth = depths.at(number);
    (ranks[depth] ??= []).push(number);
    for (const dependent of garbage.dependentsOf(number)) {
      if (depths.at(dependent) <= depth) depths.set(dependent, depth + 1);
      await turns.step();
    }
  }
  return ranks;
}
