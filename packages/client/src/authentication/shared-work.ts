/** Does work once for all who ask for it at the same time. It goes on while anyone waits for it. */
export class SharedWork<T> {
  readonly #running = new Map<
    string,
    { work: Promise<T>; end: AbortController; waiting: number }
  >();

  /**
   * The result of the work of that name: what is running, or what is begun now.
   *
   * @param work Its signal is aborted when all who waited have left.
   * @throws The signal's reason; what the work fails with.
   */
  async run(
    name: string,
    work: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    const running = this.#running.get(name) ?? this.#begin(name, work);
    running.waiting += 1;
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = () => reject(signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([running.work, left]);
    } finally {
      signal?.removeEventListener('abort', leave);
      running.waiting -= 1;
      if (running.waiting === 0) running.end.abort();
    }
  }

  #begin(name: string, work: (signal: AbortSignal) => Promise<T>) {
    const end = new AbortController();
    const forget = () => {
      if (this.#running.get(name) === running) this.#running.delete(name);
    };
    // Whoever comes after all others left begins anew.
    end.signal.addEventListener('abort', forget, { once: true });
    const running = { work: work(end.signal).finally(forget), end, waiting: 0 };
    // A failure belongs to those who wait; when nobody does, to nobody.
    running.work.catch(() => {});
    this.#running.set(name, running);
    return running;
  }
}
