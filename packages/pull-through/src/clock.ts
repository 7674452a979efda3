import { setTimeout as wait } from 'node:timers/promises';

/** Time, so that tests need not wait for it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** @throws the signal's reason as soon as it is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The longest that a timer of Node.js can wait, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The time of the system. What waits does not keep the process alive, and may be woken early after 24 days. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async wait(milliseconds, signal) {
    await wait(Math.min(milliseconds, LONGEST_TIMER_MS), undefined, { signal, ref: false });
  },
};
