import type { Exclusion } from './exclusion.ts';
import type { OperationOptions } from './options.ts';

/** Lets one holder at a time have each key, in the order of asking. Of this process only. */
export class Exclusive implements Exclusion {
  readonly #last = new Map<string, Promise<void>>();

  async acquire(key: string, { signal }: OperationOptions = {}): Promise<() => void> {
    signal?.throwIfAborted();
    const before = this.#last.get(key);
    const turn = Promise.withResolvers<void>();
    const mine = before === undefined ? turn.promise : before.then(() => turn.promise);
    this.#last.set(key, mine);
    const release = () => {
      turn.resolve();
      if (this.#last.get(key) === mine) this.#last.delete(key);
    };
    try {
      await untilAborted(before, signal);
    } catch (error) {
      turn.resolve();
      throw error;
    }
    return release;
  }

  isHeld(key: string): boolean {
    return this.#last.has(key);
  }
}

async function untilAborted(
  wait: Promise<void> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (wait === undefined || signal === undefined) return wait;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([wait, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
