import { describeError } from '../describe-error.ts';
import type { Logger } from '../logger.ts';
import type { HealthReport } from '../debug/answer-health.ts';

export interface HealthCheck {
  /** What the report calls it. */
  readonly name: string;
  readonly intervalMs: number;
  /** How many failures in a row make it fail: 1 or more. */
  readonly threshold: number;
  /** Fails with what is wrong. It comes to an end by itself. */
  readonly check: () => Promise<void>;
}

/**
 * Does checks again and again, and knows which of them fail. The first result is there after one interval; until then
 * nothing is wrong. They keep no process alive.
 *
 * @see distribution, health/health.go.
 */
export class Health implements Disposable {
  /** Whether the server is about to end: it still answers, and is not ready any more. */
  isStopping = false;
  readonly #failing = new Map<string, string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #logger: Logger;
  #isOver = false;

  constructor(checks: readonly HealthCheck[], logger: Logger) {
    this.#logger = logger;
    for (const check of checks) this.#schedule(check, 0);
  }

  get isFailing(): boolean {
    return this.#failing.size > 0;
  }

  report(): HealthReport {
    return Object.fromEntries(this.#failing);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #schedule(check: HealthCheck, failures: number): void {
    if (this.#isOver) return;
    const again = () => void this.#perform(check, failures);
    this.#timers.set(check.name, setTimeout(again, check.intervalMs).unref());
  }

  async #perform(check: HealthCheck, failedBefore: number): Promise<void> {
    let failures = 0;
    try {
      await check.check();
      this.#succeeded(check);
    } catch (error) {
      failures = failedBefore + 1;
      if (failures >= check.threshold) this.#failed(check, error);
    }
    this.#schedule(check, failures);
  }

  #succeeded({ name }: HealthCheck): void {
    if (this.#failing.delete(name))
      this.#logger.info('a health check succeeds again', { check: name });
  }

  #failed({ name }: HealthCheck, error: unknown): void {
    if (this.#isOver) return;
    if (!this.#failing.has(name)) {
      const fields = { check: name, ...describeError(error) };
      this.#logger.error('a health check fails: requests are refused until it succeeds', fields);
    }
    const { 'err.message': message } = describeError(error);
    this.#failing.set(name, String(message));
  }
}
