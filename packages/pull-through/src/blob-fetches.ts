import { addAbortSignal } from 'node:stream';
import {
  RegistryError,
  supportedAlgorithmOf,
  type BlobProvider,
  type BlobStatter,
  type DescribedBlob,
  type DescribedBlobProvider,
  type Digest,
  type OperationOptions,
} from '@purser/core';
import { BlobFetch } from './blob-fetch.ts';
import type { Expiry } from './expiry.ts';
import type { PullThroughObserver } from './observer.ts';
import { keyOf, type Source } from './source.ts';
import { Spool } from './spool.ts';
import { untilAborted } from './single-flight.ts';
import { upstreamFailure } from './upstream-failure.ts';

export interface BlobFetchesOptions {
  readonly spoolDirectory: string;
  readonly expiry: Expiry;
  readonly observer: PullThroughObserver;
}

/** The blobs on their way, at most one of each. A fetch goes on until its blob is kept, whoever leaves. */
export class BlobFetches {
  readonly #options: BlobFetchesOptions;
  readonly #running = new Map<string, Promise<BlobFetch>>();
  readonly #work = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: BlobFetchesOptions) {
    this.#options = options;
  }

  /** The fetch of a blob that is on its way; `undefined` when it is not. */
  find(
    source: Source,
    digest: Digest,
    { signal }: OperationOptions = {},
  ): Promise<BlobFetch> | undefined {
    const fetch = this.#running.get(keyOf(source.name, digest));
    return fetch && untilAborted(fetch, signal);
  }

  /**
   * Joins the fetch of a blob, or begins it.
   *
   * @throws RegistryError `BLOB_UNKNOWN` when upstream does not have it, `DIGEST_INVALID` when content cannot be checked
   * against the digest, and whatever upstream fails with.
   */
  join(source: Source, digest: Digest, { signal }: OperationOptions = {}): Promise<BlobFetch> {
    const key = keyOf(source.name, digest);
    let fetch = this.#running.get(key);
    if (fetch === undefined) {
      fetch = this.#begin(source, digest);
      this.#running.set(key, fetch);
      fetch.catch(() => this.#running.delete(key));
    }
    return untilAborted(fetch, signal);
  }

  /** Breaks off what is on its way. */
  async close(): Promise<void> {
    this.#closing.abort(
      new RegistryError('UNAVAILABLE', { message: 'the registry is being stopped' }),
    );
    await Promise.allSettled(this.#running.values());
    await Promise.all(this.#work);
  }

  async #begin(source: Source, digest: Digest): Promise<BlobFetch> {
    const { signal } = this.#closing;
    supportedAlgorithmOf(digest);
    const { descriptor, content } = await openUpstream(source, digest, { signal });
    // A failure before somebody reads must not end the process; who reads later still meets it.
    content.on('error', () => {});
    addAbortSignal(signal, content);
    try {
      const spool = await Spool.create(this.#options.spoolDirectory);
      const { upstream } = source;
      const { size } = descriptor;
      const fetch = new BlobFetch({ upstream, digest, size, content, spool }, descriptor);
      const work = this.#complete(fetch, source, digest).finally(() => {
        this.#running.delete(keyOf(source.name, digest));
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
      observer({ type: 'outage', upstream, error: received.reason });
      return;
    }
    observer({ type: 'fetched', content, upstream, size });
    if (kept.status === 'fulfilled') return;
    const problem = `cannot keep blob ${digest} of ${name}`;
    observer({ type: 'failed', problem, error: kept.reason });
  }
}

/** In one request where the remote can, since each costs as long as the way to upstream is. */
async function openUpstream(
  { remote, upstream }: Source,
  digest: Digest,
  options: OperationOptions,
): Promise<DescribedBlob> {
  const blobs: BlobStatter & BlobProvider & Partial<DescribedBlobProvider> = remote.blobs;
  try {
    if (blobs.openDescribed !== undefined) return await blobs.openDescribed(digest, options);
    const descriptor = await blobs.stat(digest, options);
    if (descriptor === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    return { descriptor, content: await blobs.open(digest, options) };
  } catch (error) {
    throw upstreamFailure(error, upstream);
  }
}
