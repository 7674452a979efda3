import { RegistryError, type OperationOptions } from '@purser/core';

export interface WalkLimits {
  /** Maximum number of long walks at a time. Default 2. */
  readonly places?: number | undefined;
  /** Maximum number of long walks that wait for a place. Default 100. */
  readonly queue?: number | undefined;
}

const DEFAULT_PLACES = 2;
const DEFAULT_QUEUE = 100;
/** Entries that a walk may look at without a place: some 5 ms of processor time, for there can be many short walks. */
const SHORT_WALK = 200;

/**
 * Bounds work that grows with what is stored, and not with the request. A short walk runs at once. A long one needs a
 * place and waits for it in a queue of its own, so that it slows other long walks and not the other requests.
 */
export class Walks {
  readonly #queue: number;
  /** In order of arrival. */
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor({ places = DEFAULT_PLACES, queue = DEFAULT_QUEUE }: WalkLimits = {}) {
    this.#free = places;
    this.#queue = queue;
  }

  /** Begins a walk. Dispose of it at its end. */
  begin(options?: OperationOptions): Walk {
    return new Walk((signal) => this.#enter(signal), options?.signal);
  }

  /** @returns Gives the place back. */
  async #enter(signal: AbortSignal | undefined): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    return () => this.#leave();
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#queue) {
      const message = 'too many long searches in storage: retry later (limit: walks)';
      throw new RegistryError('TOOMANYREQUESTS', { message });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => reject(signal?.reason as Error);
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

/** One walk through storage. */
export class Walk implements Disposable {
  readonly #enter: (signal: AbortSignal | undefined) => Promise<() => void>;
  readonly #signal: AbortSignal | undefined;
  #looked = 0;
  #leave: (() => void) | undefined;

  constructor(
    enter: (signal: AbortSignal | undefined) => Promise<() => void>,
    signal: AbortSignal | undefined,
  ) {
    this.#enter = enter;
    this.#signal = signal;
  }

  /**
   * Called before entries are looked at.
   *
   * @throws RegistryError `TOOMANYREQUESTS` when the walk has become long and too many wait already; the signal's reason.
   */
  async look(entries: number): Promise<void> {
    this.#signal?.throwIfAborted();
    this.#looked += entries;
    if (this.#looked > SHORT_WALK) this.#leave ??= await this.#enter(this.#signal);
  }

  [Symbol.dispose](): void {
    this.#leave?.();
    this.#leave = undefined;
  }
}
