import { NumberList } from '../number-list.ts';
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
  const bottomUp = await dependentsFirst(garbage, turns);
  for (let place = bottomUp.length - 1; place >= 0; place--) {
    const number = bottomUp[place]!;
    const depth = depths.at(number);
    (ranks[depth] ??= []).push(number);
    for (const dependent of garbage.dependentsOf(number)) {
      if (depths.at(dependent) <= depth) depths.set(dependent, depth + 1);
      await turns.step();
    }
  }
  return ranks;
}

/** Everything, each after its dependents. */
async function dependentsFirst(
  garbage: Pick<GarbageSet, 'numbers' | 'dependentsOf'>,
  turns: Turns,
): Promise<readonly number[]> {
  const left = new Set(garbage.numbers());
  const bottomUp: number[] = [];
  const begin = (number: number) => {
    left.delete(number);
    return { number, dependents: garbage.dependentsOf(number)[Symbol.iterator]() };
  };
  for (const start of garbage.numbers()) {
    if (!left.has(start)) continue;
    // No recursion: what others push may be nested as deep as they like.
    const path = [begin(start)];
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      await turns.step();
      const { done, value: next } = last.dependents.next();
      if (done === true) bottomUp.push(path.pop()!.number);
      else if (left.has(next)) path.push(begin(next));
    }
  }
  return bottomUp;
}
