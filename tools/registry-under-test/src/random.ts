/** Pseudo-random numbers, the same for the same seed. Not for secrets. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, less than 1. The generator is mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Both bounds are included. */
  integer(minimum: number, maximum: number): number {
    return minimum + Math.floor(this.next() * (maximum - minimum + 1));
  }

  isLucky(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws TypeError when there is nothing to pick from. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new TypeError('nothing to pick from');
    return item;
  }

  /** A generator of its own, so that the draws of one do not depend on how often another was asked. */
  fork(label: number): Random {
    return new Random(
      Math.imul(this.#state ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(label, 0xc2b2ae35),
    );
  }
}
