/** Wakes those who wait for something to happen. */
export class Bell {
  #rings = 0;
  #waiting: PromiseWithResolvers<void> | undefined;

  /** How often it rang. */
  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings += 1;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /**
   * Waits until it has rung more often than `seen`, so that no ring is missed between looking and waiting; or until the
   * signal is aborted, which is no failure.
   */
  async next(seen: number, signal: AbortSignal): Promise<void> {
    if (this.#rings > seen || signal.aborted) return;
    this.#waiting ??= Promise.withResolvers();
    const { promise } = this.#waiting;
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    await Promise.race([promise, aborted.promise]);
    signal.removeEventListener('abort', abort);
  }
}
