import { addAbortSignal } from 'node:stream';
import {
  RegistryError,
  supportedAlgorithmOf,
  type Digest,
  type OperationOptions,
} from '@purser/core';
import { BlobFetch } from './blob-fetch.ts';
import type { Clock } from './clock.ts';
import type { Expiry } from './expiry.ts';
import type { PullThroughObserver } from './observer.ts';
import { openUpstream } from './open-upstream.ts';
import { untilAborted } from './single-flight.ts';
import { keyOf, type Source } from './source.ts';
import { Spool } from './spool.ts';
import { UnfollowedFetches } from './unfollowed-fetches.ts';

export interface BlobFetchesOptions {
  readonly spoolDirectory: string;
  readonly expiry: Expiry;
  readonly observer: PullThroughObserver;
  readonly clock: Clock;
}

/** A fetch from the question on. */
interface Attempt {
  readonly source: Source;
  readonly digest: Digest;
  /** Breaks it off. */
  readonly controller: AbortController;
  /** Clients that wait for the answer of the upstream. */
  waiting: number;
  /** `undefined` until the upstream has answered. */
  fetch?: BlobFetch;
}

interface Running extends Attempt {
  readonly opening: Promise<BlobFetch>;
}

/**
 * The blobs on their way, at most one fetch of each. A fetch ends before its blob is complete when nobody waits for it
 * any more and little of it has come.
 */
export class BlobFetches {
  readonly #options: BlobFetchesOptions;
  readonly #unfollowed: UnfollowedFetches;
  readonly #running = new Map<string, Running>();
  readonly #work = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: BlobFetchesOptions) {
    this.#options = options;
    this.#unfollowed = new UnfollowedFetches(options.clock);
  }

  /** The fetch of a blob that is on its way; `undefined` when it is not. */
  find(source: Source, digest: Digest, options?: OperationOptions): Promise<BlobFetch> | undefined {
    const running = this.#running.get(keyOf(source.name, digest));
    const isUsable = running !== undefined && running.fetch?.isAbandoned !== true;
    return isUsable ? this.#wait(running, options) : undefined;
  }

  /**
   * Joins the fetch of a blob, or begins it.
   *
   * @throws RegistryError `BLOB_UNKNOWN` when upstream does not have it, `DIGEST_INVALID` when content cannot be checked
   * against the digest, and whatever upstream fails with.
   */
  async join(source: Source, digest: Digest, options?: OperationOptions): Promise<BlobFetch> {
    options?.signal?.throwIfAborted();
    return this.find(source, digest, options) ?? this.#wait(this.#start(source, digest), options);
  }

  /** Breaks off what is on its way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const running = [...this.#running.values()];
    for (const { controller } of running) controller.abort(beingStopped());
    await Promise.allSettled(running.map(({ opening }) => opening));
    await Promise.all(this.#work);
  }

  #start(source: Source, digest: Digest): Running {
    const controller = new AbortController();
    if (this.#isClosed) controller.abort(beingStopped());
    const attempt: Attempt = { source, digest, controller, waiting: 0 };
    const running: Running = Object.assign(attempt, { opening: this.#open(attempt) });
    this.#running.set(keyOf(source.name, digest), running);
    running.opening.catch(() => this.#forget(running));
    return running;
  }

  /** Waits for the answer of the upstream, which is broken off when the last client that waits has left. */
  async #wait(running: Running, { signal }: OperationOptions = {}): Promise<BlobFetch> {
    running.waiting++;
    try {
      return await untilAborted(running.opening, signal);
    } finally {
      running.waiting--;
      if (running.waiting === 0 && running.fetch === undefined) {
        this.#forget(running);
        running.controller.abort(new RegistryError('UNAVAILABLE', { message: 'nobody waits' }));
      }
    }
  }

  #forget(attempt: Attempt): void {
    const key = keyOf(attempt.source.name, attempt.digest);
    if (this.#running.get(key) === attempt) this.#running.delete(key);
  }

  async #open(attempt: Attempt): Promise<BlobFetch> {
    const { source, digest, controller } = attempt;
    const { signal } = controller;
    supportedAlgorithmOf(digest);
    const { descriptor, content } = await openUpstream(source, digest, { signal });
    // A failure before somebody reads must not end the process; who reads later still meets it.
    content.on('error', () => {});
    addAbortSignal(signal, content);
    try {
      const spool = await Spool.create(this.#options.spoolDirectory);
      const { upstream } = source;
      const { size } = descriptor;
      const breakOff = () => controller.abort();
      const fetch = new BlobFetch({ upstream, digest, size, content, spool, breakOff }, descriptor);
      attempt.fetch = fetch;
      this.#unfollowed.watch(fetch);
      const work = this.#complete(fetch, source, digest).finally(() => {
        this.#forget(attempt);
        spool.release();
        this.#work.delete(work);
      });
      this.#work.add(work);
      return fetch;
    } catch (error) {
      content.destroy();
      throw error;
    }
  }

  async #complete(fetch: BlobFetch, { store, name, upstream }: Source, digest: Digest) {
    const { observer, expiry } = this.#options;
    const { size } = fetch.descriptor;
    const content = { kind: 'blob', repository: name, digest } as const;
    const [received, kept] = await Promise.allSettled([
      fetch.run(),
      expiry.keep(content, size, () => fetch.keepIn(store.blobs)),
    ]);
    if (received.status === 'rejected') {
      if (fetch.isAbandoned) {
        return observer({ type: 'abandoned', content, upstream, received: fetch.received, size });
      }
      observer({ type: 'outage', upstream, error: received.reason });
      return;
    }
    observer({ type: 'fetched', content, upstream, size });
    if (kept.status === 'fulfilled') return;
    const problem = `cannot keep blob ${digest} of ${name}`;
    observer({ type: 'failed', problem, error: kept.reason });
  }
}

function beingStopped(): RegistryError {
  return new RegistryError('UNAVAILABLE', { message: 'the registry is being stopped' });
}
