import type { Clock } from '../garbage/clock.ts';

/** Time that passes only when the test says so, for all who wait. */
export class SteppedClock implements Clock {
  #now = 0;
  #waiting: { readonly until: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  async wait(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ until: this.#now + durationMs, wake: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  /** Wakes whoever has waited long enough, and lets them do what takes no time. */
  async advance(durationMs: number): Promise<void> {
    this.#now += durationMs;
    const due = this.#waiting.filter(({ until }) => until <= this.#now);
    this.#waiting = this.#waiting.filter(({ until }) => until > this.#now);
    for (const { wake } of due) wake();
    await settled();
  }
}

/** Drivers that keep everything in memory do it within microtasks. */
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));
