import { answerWithin } from './answer-within.ts';
import type { CacheObserver, CacheState } from './cache-observer.ts';

export interface CacheHealthOptions {
  readonly timeoutMs: number;
  readonly maximumFailures: number;
  readonly retryMs: number;
  readonly maximumOwed: number;
  readonly entryLifetimeMs: number;
  readonly observer: CacheObserver;
  /** A harmless question that shows whether the cache works again. */
  readonly probe: () => Promise<unknown>;
}

/** How many owed clears are sent at a time. */
const BATCH = 100;

/**
 * Whether a cache may be asked, and what must be done before it may be asked again.
 *
 * A cache that fails several times in a row is set aside: nothing is sent to it but one probe after another. A clear
 * that failed is owed: until it is done, nothing is believed under its key, and a cache set aside stays there. When
 * more is owed than may be kept, the cache stays aside until everything it held by then has expired.
 */
export class CacheHealth {
  readonly #options: CacheHealthOptions;
  readonly #owed = new Map<string, () => Promise<void>>();
  #state: CacheState = 'in use';
  #failures = 0;
  #asideUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: CacheHealthOptions) {
    this.#options = options;
  }

  mayAsk(key: string): boolean {
    return this.#state === 'in use' && !this.#owed.has(key);
  }

  /** Makes a call of the cache; `undefined` when it fails or takes too long. */
  async attempt<T>(call: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    try {
      const value = await answerWithin(call(), this.#options.timeoutMs);
      this.#failures = 0;
      return { value };
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** Takes note of a clear that is to be done before anything is believed under its key. */
  owe(key: string, clear: () => Promise<void>): void {
    const { maximumOwed, entryLifetimeMs } = this.#options;
    if (this.#owed.size < maximumOwed || this.#owed.has(key)) {
      this.#owed.set(key, clear);
    } else {
      this.#asideUntil = performance.now() + entryLifetimeMs;
      this.#setAside(new Error(`more than ${maximumOwed} entries could not be cleared`));
    }
    this.#schedule();
  }

  /** Stops the probing. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #failed(error: unknown): void {
    this.#options.observer.onError?.(error);
    this.#failures += 1;
    if (this.#failures >= this.#options.maximumFailures) this.#setAside(error);
  }

  #setAside(cause: unknown): void {
    this.#change('set aside', cause);
    this.#schedule();
  }

  #change(state: CacheState, cause?: unknown): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.observer.onStateChange?.(state, cause);
  }

  #schedule(): void {
    if (this.#ended || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#retry(), this.#options.retryMs).unref();
  }

  async #retry(): Promise<void> {
    const works = await this.#settle();
    this.#timer = undefined;
    // More may have been owed while the rest was being done.
    if (works && this.#owed.size === 0 && performance.now() >= this.#asideUntil) {
      this.#change('in use');
    } else {
      this.#schedule();
    }
  }

  /** Does what is owed, then asks something. */
  async #settle(): Promise<boolean> {
    const owed = [...this.#owed];
    for (let start = 0; start < owed.length; start += BATCH) {
      const batch = owed.slice(start, start + BATCH);
      const done = await Promise.all(batch.map(([key, clear]) => this.#clear(key, clear)));
      if (done.includes(false)) return false;
    }
    return (await this.attempt(this.#options.probe)) !== undefined;
  }

  async #clear(key: string, clear: () => Promise<void>): Promise<boolean> {
    const done = (await this.attempt(clear)) !== undefined;
    // Owed again since: then this one may have come too early.
    if (done && this.#owed.get(key) === clear) this.#owed.delete(key);
    return done;
  }
}
