import { setTimeout } from 'node:timers/promises';
import { isTransient, retryAfterOf } from './errors.ts';

export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** Waits. Default by the clock. */
  readonly wait?:
    | ((delayMs: number, signal: AbortSignal | undefined) => Promise<unknown>)
    | undefined;
  /** A number from 0 to below 1. Default by chance. */
  readonly random?: (() => number) | undefined;
}

/** The longest that the service can make a caller wait: a minute. */
const MAXIMUM_RETRY_AFTER_MS = 60_000;

/** Does work again that failed for a while only; see `isTransient`. */
export class Retry {
  readonly #policy: RetryPolicy;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  /** How often something is tried before it is given up. */
  get maxAttempts(): number {
    return this.#policy.maxAttempts;
  }

  /**
   * @param work Gets what the attempt before failed with: `undefined` the first time.
   * @throws What the last attempt failed with; the signal's reason.
   */
  async run<T>(work: (before: unknown) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let before: unknown;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await work(before);
      } catch (error) {
        if (attempt >= this.#policy.maxAttempts || !isTransient(error)) throw error;
        before = error;
        await this.pause(attempt, { error, signal });
      }
    }
  }

  /** Waits after a failed attempt: for a random time that grows, or for as long as the service asks. */
  async pause(
    attempt: number,
    { error, signal }: { error: unknown; signal?: AbortSignal | undefined },
  ): Promise<void> {
    const { baseDelayMs, maxDelayMs, wait = waitByClock, random = Math.random } = this.#policy;
    const longest = Math.min(baseDelayMs * 2 ** (attempt - 1), maxDelayMs);
    const asked = Math.min(retryAfterOf(error) ?? 0, MAXIMUM_RETRY_AFTER_MS);
    await wait(asked + random() * longest, signal);
  }
}

async function waitByClock(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(delayMs, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
