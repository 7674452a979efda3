import { Exclusive, type Exclusion, type OperationOptions } from '@purser/core';
import type { Peer } from './peer.ts';

/** An exclusion of all workers: each lets one of its own go first, and that one asks the primary. */
export class SharedExclusion implements Exclusion {
  readonly #primary: Peer;
  readonly #own = new Exclusive();
  #turns = 0;

  constructor(primary: Peer) {
    this.#primary = primary;
  }

  async acquire(key: string, { signal }: OperationOptions = {}): Promise<() => void> {
    const releaseOwn = await this.#own.acquire(key, { signal });
    const turn = this.#turns++;
    // Who is told so while it waits fails the call.
    const giveBack = () => this.#primary.tell('release', turn);
    signal?.addEventListener('abort', giveBack, { once: true });
    try {
      await this.#primary.call('acquire', { key, turn });
      signal?.throwIfAborted();
    } catch (error) {
      releaseOwn();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveBack);
    }
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      giveBack();
      releaseOwn();
    };
  }

  isHeld(key: string): boolean {
    return this.#own.isHeld(key);
  }
}
