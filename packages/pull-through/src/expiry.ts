import { Exclusive, RegistryError, type Digest, type Registry } from '@purser/core';
import type { Clock } from './clock.ts';
import {
  decodeState,
  encodeState,
  type ExpiryEntry,
  type ExpiryStateStore,
} from './expiry-state.ts';
import type { Content, PullThroughObserver } from './observer.ts';
import { keyOf } from './source.ts';

export interface ExpiryOptions {
  readonly store: Registry;
  /** 0 for ever. */
  readonly ttlMs: number;
  readonly maximumBytes: number;
  readonly state: ExpiryStateStore | undefined;
  readonly discard: ((digest: Digest) => Promise<void>) | undefined;
  readonly clock: Clock;
  readonly observer: PullThroughObserver;
}

/** As distribution: a change is saved so soon. */
const SAVE_AFTER_MS = 5_000;
/** That something was used matters less, and happens all the time. */
const SAVE_USE_AFTER_MS = 60_000;
/** What ends at nearly the same time is removed at once. */
const SHORTEST_WAIT_MS = 1_000;
/** When what could not be removed is tried again. */
const RETRY_AFTER_MS = 60_000;

/**
 * Knows what was pulled, and removes it when its time is over, or when the place is needed, what was unused for longest
 * first. Content that came here in another way is not known, and stays.
 */
export class Expiry {
  readonly #options: ExpiryOptions;
  /** Longest unused first. */
  readonly #entries = new Map<string, ExpiryEntry>();
  /** In how many repositories content is kept: its bytes count once. */
  readonly #copies = new Map<Digest, { count: number; readonly size: number }>();
  readonly #held = new Exclusive();
  readonly #closing = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #bytes = 0;
  #saveAt = Infinity;
  #isTiming = false;

  constructor(options: ExpiryOptions) {
    this.#options = options;
  }

  /** Bytes of what was pulled and is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Goes on from the saved state, if there is one. What expired meanwhile is removed soon. */
  async start(): Promise<void> {
    const { state, clock, observer } = this.#options;
    if (!this.#isNeeded) return;
    try {
      const saved = await state?.load();
      for (const entry of saved ? decodeState(saved, clock.now()) : []) this.#add(entry);
    } catch (error) {
      const problem = 'cannot read when content expires: what was pulled before now stays';
      observer({ type: 'failed', problem, error });
    }
    this.#schedule();
    this.#evict();
  }

  /** Saves the state. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the expiry is closed'));
    await Promise.all(this.#tasks);
    if (this.#saveAt < Infinity) await this.#save();
  }

  /** Stores content, so that it is not removed in between, and remembers until when it is kept. */
  async keep(content: Content, size: number, store: () => Promise<void>): Promise<void> {
    const release = await this.#held.acquire(keyOf(content.repository, content.digest));
    try {
      await store();
      if (!this.#isNeeded) return;
      const now = this.#options.clock.now();
      const { ttlMs } = this.#options;
      this.#add({ content, size, expiresAt: ttlMs > 0 ? now + ttlMs : Infinity, usedAt: now });
    } finally {
      release();
    }
    this.#saveWithin(SAVE_AFTER_MS);
    this.#schedule();
    this.#evict();
  }

  /** Says that content was served: it is not among the first that have to go. */
  touch({ repository, digest }: Pick<Content, 'repository' | 'digest'>): void {
    const key = keyOf(repository, digest);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.usedAt = this.#options.clock.now();
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#options.maximumBytes < Infinity) this.#saveWithin(SAVE_USE_AFTER_MS);
  }

  get #isNeeded(): boolean {
    return this.#options.ttlMs > 0 || this.#options.maximumBytes < Infinity;
  }

  #add(entry: ExpiryEntry): void {
    const key = keyOf(entry.content.repository, entry.content.digest);
    this.#forget(key);
    const { digest } = entry.content;
    const copies = this.#copies.get(digest) ?? { count: 0, size: entry.size };
    if (copies.count === 0) this.#bytes += copies.size;
    copies.count++;
    this.#copies.set(digest, copies);
    this.#entries.set(key, entry);
  }

  /** @returns Whether no repository keeps that content any more. */
  #forget(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    const { digest } = entry.content;
    const copies = this.#copies.get(digest)!;
    copies.count--;
    if (copies.count > 0) return false;
    this.#copies.delete(digest);
    this.#bytes -= copies.size;
    return true;
  }

  #evict(): void {
    if (this.#bytes > this.#options.maximumBytes) this.#run(() => this.#evictUntilFits());
  }

  async #evictUntilFits(): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#options.maximumBytes || this.#closing.signal.aborted) return;
      if (!(await this.#remove(key, entry, 'evicted'))) return;
    }
  }

  /** @returns Whether it worked. */
  async #remove(key: string, entry: ExpiryEntry, reason: 'expired' | 'evicted'): Promise<boolean> {
    const { observer, clock } = this.#options;
    const release = await this.#held.acquire(key);
    try {
      // It was fetched anew while it was waited for.
      if (this.#entries.get(key) !== entry) return true;
      await this.#unlink(entry.content);
      if (this.#forget(key)) await this.#options.discard?.(entry.content.digest);
      observer({ type: 'removed', content: entry.content, reason });
      this.#saveWithin(SAVE_AFTER_MS);
      return true;
    } catch (error) {
      if (reason === 'expired') entry.expiresAt = clock.now() + RETRY_AFTER_MS;
      const { kind, repository, digest } = entry.content;
      const problem = `cannot remove ${kind} ${digest} of ${repository}`;
      observer({ type: 'failed', problem, error });
      return false;
    } finally {
      release();
    }
  }

  async #unlink({ kind, repository, digest }: Content): Promise<void> {
    const { blobs, manifests } = this.#options.store.repository(repository);
    try {
      await (kind === 'blob' ? blobs.delete(digest) : manifests.delete(digest));
    } catch (error) {
      if (!RegistryError.is(error, 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN')) throw error;
    }
  }

  #schedule(): void {
    if (this.#isTiming || this.#closing.signal.aborted) return;
    this.#isTiming = true;
    this.#run(async () => {
      try {
        await this.#expireInTime();
      } finally {
        this.#isTiming = false;
      }
    });
  }

  async #expireInTime(): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      let next = Infinity;
      for (const { expiresAt } of this.#entries.values()) next = Math.min(next, expiresAt);
      if (next === Infinity) return;
      await clock.wait(Math.max(SHORTEST_WAIT_MS, next - clock.now()), this.#closing.signal);
      for (const [key, entry] of this.#entries) {
        if (entry.expiresAt <= clock.now()) await this.#remove(key, entry, 'expired');
      }
    }
  }

  #saveWithin(milliseconds: number): void {
    const { state, clock } = this.#options;
    const at = clock.now() + milliseconds;
    if (state === undefined || this.#saveAt <= at) return;
    this.#saveAt = at;
    this.#run(async () => {
      await clock.wait(milliseconds, this.#closing.signal);
      if (this.#saveAt === at) await this.#save();
    });
  }

  async #save(): Promise<void> {
    const { state, observer } = this.#options;
    this.#saveAt = Infinity;
    try {
      await state?.save(encodeState(this.#entries.values()));
    } catch (error) {
      observer({ type: 'failed', problem: 'cannot save when content expires', error });
    }
  }

  /** Work of its own, which closing ends. */
  #run(work: () => Promise<void>): void {
    const task = work()
      .catch((error: unknown) => {
        if (this.#closing.signal.aborted) return;
        this.#options.observer({ type: 'failed', problem: 'the expiry of content failed', error });
      })
      .finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }
}
