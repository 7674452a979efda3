import { setTimeout } from 'node:timers/promises';
import type { RetryOptions } from './transport.ts';
import { RegistryClientError } from './registry-client-error.ts';
import { withDefaults } from './with-defaults.ts';

/** What a failed attempt was, and whether there may be another one. */
interface Failure {
  readonly attempt: number;
  readonly error: RegistryClientError;
  readonly waitMs: number;
}

export interface RetryDependencies {
  /** Waits. Default by the clock. */
  readonly wait?: ((delayMs: number, signal?: AbortSignal) => Promise<unknown>) | undefined;
  /** A number from 0 to below 1. Default by chance. */
  readonly random?: (() => number) | undefined;
  /** Milliseconds. Default by the clock. */
  readonly now?: (() => number) | undefined;
}

interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether another attempt does no harm after an error that may pass. */
  readonly isSafe: (error: RegistryClientError) => boolean;
  readonly report: (failure: Failure) => void;
}

const DEFAULTS = {
  attempts: 4,
  baseDelayMs: 250,
  maximumDelayMs: 10_000,
  maximumRetryAfterMs: 30_000,
  withinMs: 120_000,
};

/** Does work again that failed for a while only. */
export class Retry {
  readonly #limits: typeof DEFAULTS;
  readonly #wait: NonNullable<RetryDependencies['wait']>;
  readonly #random: () => number;
  readonly #now: () => number;

  constructor(options: RetryOptions = {}, dependencies: RetryDependencies = {}) {
    this.#limits = withDefaults(options, DEFAULTS);
    this.#wait = dependencies.wait ?? waitByClock;
    this.#random = dependencies.random ?? Math.random;
    this.#now = dependencies.now ?? (() => performance.now());
  }

  /** @throws What the last attempt failed with; the signal's reason. */
  async run<T>(work: () => Promise<T>, { signal, isSafe, report }: RunOptions): Promise<T> {
    const startedAt = this.#now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!RegistryClientError.is(error) || !error.retryable || !isSafe(error)) throw error;
        const waitMs = this.#delay(attempt, error);
        const isInTime = this.#now() - startedAt + waitMs <= this.#limits.withinMs;
        if (attempt >= this.#limits.attempts || !isInTime) throw error;
        report({ attempt, error, waitMs });
        await this.#wait(waitMs, signal);
      }
    }
  }

  /** Many clients that fail together shall not come back together: each waits for a random time. */
  #delay(attempt: number, { retryAfterMs }: RegistryClientError): number {
    const { baseDelayMs, maximumDelayMs, maximumRetryAfterMs } = this.#limits;
    const bound = Math.min(baseDelayMs * 2 ** (attempt - 1), maximumDelayMs);
    if (retryAfterMs === undefined) return this.#random() * bound;
    if (retryAfterMs > maximumRetryAfterMs) return Number.POSITIVE_INFINITY;
    return retryAfterMs + this.#random() * bound;
  }
}

async function waitByClock(delayMs: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(delayMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
