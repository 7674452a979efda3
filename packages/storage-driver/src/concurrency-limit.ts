/** Lets a bounded number of operations work at once; the others wait in the order in which they came. */
export class ConcurrencyLimit {
  #free: number;
  /** In order of arrival; a set, so that one that gives up leaves at no cost. */
  readonly #waiting = new Set<() => void>();

  /** @param maximum An integer, 1 or more. */
  constructor(maximum: number) {
    this.#free = maximum;
  }

  /**
   * Does some work when its turn comes.
   *
   * @throws The signal's reason when it is aborted before; later, the signal is the work's affair.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#pass();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const start = () => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = () => {
      this.#waiting.delete(start);
      reject(signal?.reason);
    };
    if (signal?.aborted) giveUp();
    else {
      this.#waiting.add(start);
      signal?.addEventListener('abort', giveUp, { once: true });
    }
    return promise;
  }

  /** Hands the place of a finished operation to the next one. */
  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
