import { Turns } from './turns.ts';

/** Things that depend on each other, by numbers. */
export interface Dependencies {
  numbers(): Iterable<number>;
  /** Numbers that are not among `numbers` are passed over. */
  dependentsOf(number: number): Iterable<number>;
}

/** Orders everything so that each comes before its dependents. */
export async function parentsFirst(all: Dependencies): Promise<readonly number[]> {
  const turns = new Turns();
  const left = new Set(all.numbers());
  const bottomUp: number[] = [];
  const begin = (number: number) => {
    left.delete(number);
    return { number, dependents: all.dependentsOf(number)[Symbol.iterator]() };
  };
  for (const start of all.numbers()) {
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
  return bottomUp.reverse();
}
