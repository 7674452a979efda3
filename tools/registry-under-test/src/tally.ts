/** What happened, in numbers. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    this.#counts.set(what, this.of(what) + count);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** In the order in which they first happened. */
  entries(): Iterable<readonly [string, number]> {
    return this.#counts;
  }
}
