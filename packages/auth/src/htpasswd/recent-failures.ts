const WINDOW_MS = 10_000;

/**
 * Failed logins of the last 10 to 20 seconds, by source: a user, an address. Failures that are older are forgotten, a
 * window at a time, so that memory is bounded by the failures there can be in that time.
 */
export class RecentFailures {
  readonly #now: () => number;
  #current = new Map<string, number>();
  #previous: ReadonlyMap<string, number> = new Map();
  #startedAt: number;

  /** @param now Milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAt = now();
  }

  add(sources: readonly string[]): void {
    this.#advance();
    for (const source of sources) this.#current.set(source, (this.#current.get(source) ?? 0) + 1);
  }

  /** The sum over several sources. */
  of(sources: readonly string[]): number {
    this.#advance();
    let sum = 0;
    for (const source of sources) {
      sum += (this.#current.get(source) ?? 0) + (this.#previous.get(source) ?? 0);
    }
    return sum;
  }

  #advance(): void {
    const elapsed = this.#now() - this.#startedAt;
    if (elapsed < WINDOW_MS) return;
    this.#previous = elapsed < 2 * WINDOW_MS ? this.#current : new Map();
    this.#current = new Map();
    this.#startedAt += elapsed;
  }
}
