import { RegistryError } from '@purser/core';

export interface SlotsOptions {
  /** How many are taken at a time. */
  readonly places: number;
  /** How many wait for one; the others are refused. */
  readonly queue: number;
  /** How long they wait. */
  readonly waitMs: number;
  /** Told to who is refused: which limit of the configuration is reached. */
  readonly key: string;
}

/** Places for what runs at a time, and a queue for them: first come, first served, bounded in length and in time. */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a place, which `release` gives back.
   *
   * @param signal Gives up waiting; it rejects with the reason of the signal then.
   * @returns A promise only if there is a wait.
   * @throws RegistryError `TOOMANYREQUESTS` when the queue is full, or the wait too long.
   */
  take(signal: AbortSignal): Promise<void> | undefined {
    if (this.#taken < this.#options.places) {
      this.#taken++;
      return undefined;
    }
    if (this.#waiting.size >= this.#options.queue) throw this.#refusal();
    return this.#wait(signal);
  }

  /** The place goes to who has waited for longest. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#taken--;
    else next();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => reject(signal.reason as Error);
    const expire = setTimeout(() => reject(this.#refusal()), this.#options.waitMs);
    const enter = () => {
      this.#waiting.delete(enter);
      resolve();
    };
    this.#waiting.add(enter);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await promise;
    } finally {
      this.#waiting.delete(enter);
      clearTimeout(expire);
      signal.removeEventListener('abort', giveUp);
    }
  }

  #refusal(): RegistryError {
    const message = `the registry has as much to do as it takes on at a time: try again later, or ask its operator, whose ${this.#options.key} decides`;
    return new RegistryError('TOOMANYREQUESTS', { message });
  }
}
