import type { OperationOptions } from '@purser/core';

/** Does one piece of work for all who ask for it while it runs. It goes on when they leave. */
export class SingleFlight {
  readonly #running = new Map<string, Promise<unknown>>();

  /** @param work What `key` stands for: everyone with the same key must mean the same. */
  run<T>(key: string, work: () => Promise<T>, { signal }: OperationOptions = {}): Promise<T> {
    let running = this.#running.get(key) as Promise<T> | undefined;
    if (running === undefined) {
      running = work().finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return untilAborted(running, signal);
  }
}

/** Stops waiting, without stopping what is waited for. */
export async function untilAborted<T>(
  running: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return running;
  // Its failure belongs to the others when this one has left.
  running.catch(() => {});
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([running, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
