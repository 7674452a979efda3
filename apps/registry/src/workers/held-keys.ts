import type { Exclusion } from '@purser/core';
import type { Peer } from './peer.ts';

/** What one worker holds of an exclusion, or waits for. All of it is given back when the worker ends, however it does. */
export class HeldKeys {
  readonly #exclusion: Exclusion;
  /** By the number under which the worker asked. */
  readonly #turns = new Map<number, AbortController>();

  constructor(exclusion: Exclusion, worker: Peer) {
    this.#exclusion = exclusion;
    worker.handle('acquire', (value) => {
      const { key, turn } = value as { readonly key: string; readonly turn: number };
      return this.#acquire(key, turn);
    });
    worker.handle('release', (value) => this.#release(value as number));
  }

  releaseAll(): void {
    for (const turn of this.#turns.keys()) this.#release(turn);
  }

  async #acquire(key: string, turn: number): Promise<void> {
    const over = new AbortController();
    this.#turns.set(turn, over);
    const { signal } = over;
    const release = await this.#exclusion.acquire(key, { signal });
    if (signal.aborted) release();
    else signal.addEventListener('abort', release, { once: true });
  }

  #release(turn: number): void {
    this.#turns.get(turn)?.abort(new Error('nobody waits for it any more'));
    this.#turns.delete(turn);
  }
}
