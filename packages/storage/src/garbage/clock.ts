import { setTimeout } from 'node:timers/promises';

/** Time that only goes forward, of this process. */
export interface Clock {
  /** Milliseconds since any moment. */
  now(): number;
  /** @throws The signal's reason. */
  wait(durationMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  async wait(durationMs, signal) {
    try {
      await setTimeout(durationMs, undefined, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
