import type { Readable } from 'node:stream';
import {
  RegistryError,
  type BlobStore,
  type Descriptor,
  type Digest,
  type LocateOptions,
  type OpenOptions,
  type OperationOptions,
} from '@purser/core';
import type { BlobFetch } from './blob-fetch.ts';
import type { PullContext, PullRequest } from './pull-context.ts';
import { refusePush } from './refuse-pushes.ts';
import { statUpstream } from './open-upstream.ts';
import { keyOf, type Source } from './source.ts';
import { isOutage, upstreamFailure } from './upstream-failure.ts';

/** A part that begins at most so many bytes after what has come is waited for; upstream is asked for one further away. */
const AHEAD_BYTES = 4 * 1024 * 1024;

/** A request for more parts than this is served from the whole blob: each part costs upstream a request. */
const MAXIMUM_PARTS = 16;

/** The blobs of one repository of an upstream: from here when they are here, and otherwise fetched once for all. */
export class PulledBlobs implements BlobStore {
  readonly put = refusePush;
  readonly create = refusePush;
  readonly resume = refusePush;
  readonly uploadStatus = refusePush;
  readonly mount = refusePush;
  readonly delete = refusePush;
  readonly #source: Source;
  readonly #context: PullContext;
  readonly #request: PullRequest;
  /** Parts that upstream was asked for in this request. */
  #parts = 0;

  constructor(source: Source, context: PullContext, request: PullRequest) {
    this.#source = source;
    this.#context = context;
    this.#request = request;
  }

  async stat(digest: Digest, options: OperationOptions = {}): Promise<Descriptor | undefined> {
    const running = this.#context.fetches.find(this.#source, digest, options);
    if (running !== undefined) return describe(running);
    const { store } = this.#source;
    const kept = await this.#kept(() => store.blobs.stat(digest, options), digest, options);
    if (kept !== undefined) return kept;
    if (!this.#request.opensBlobs) return this.#statRemote(digest, options);
    return describe(this.#context.fetches.join(this.#source, digest, options));
  }

  async open(digest: Digest, options: OpenOptions = {}): Promise<Readable> {
    const { fetches } = this.#context;
    const { start = 0 } = options.range ?? {};
    const mayAskForPart = this.#parts < MAXIMUM_PARTS;
    const running = await fetches.find(this.#source, digest, options);
    if (running !== undefined) {
      const isFar = start > running.received + AHEAD_BYTES;
      const asPart = isFar && mayAskForPart;
      return asPart ? this.#openPart(digest, options) : this.#openFetch(running, digest, options);
    }
    const { store } = this.#source;
    const kept = await this.#kept(() => store.blobs.open(digest, options), digest, options);
    if (kept !== undefined) {
      this.#tellServed(digest, 'store');
      return kept;
    }
    if (start > 0 && mayAskForPart) return this.#openPart(digest, options);
    return this.#openFetch(await fetches.join(this.#source, digest, options), digest, options);
  }

  async locate(digest: Digest, options: LocateOptions): Promise<URL | undefined> {
    const { store } = this.#source;
    const url = await this.#kept(() => store.blobs.locate(digest, options), digest, options);
    if (url !== undefined && options.method === 'GET') this.#tellServed(digest, 'store');
    return url;
  }

  #openFetch(fetch: BlobFetch, digest: Digest, options: OpenOptions): Readable {
    const content = fetch.open(options);
    this.#tellServed(digest, 'upstream');
    return content;
  }

  /** Passes a part on from upstream. It cannot be verified, and is not kept. */
  async #openPart(digest: Digest, { range, signal }: OpenOptions): Promise<Readable> {
    const { remote, upstream } = this.#source;
    this.#parts++;
    try {
      const content = await remote.blobs.open(digest, { range, signal });
      this.#tellServed(digest, 'upstream');
      return content;
    } catch (error) {
      signal?.throwIfAborted();
      this.#tellOutage(error);
      throw upstreamFailure(error, upstream);
    }
  }

  #tellOutage(error: unknown): void {
    const { upstream } = this.#source;
    if (isOutage(error)) this.#context.observer({ type: 'outage', upstream, error });
  }

  #tellServed(digest: Digest, from: 'store' | 'upstream'): void {
    const { name: repository } = this.#source;
    const content = { kind: 'blob', repository, digest } as const;
    this.#context.observer({ type: 'served', content, from });
  }

  /** What the store has; `undefined` when it has nothing, or fails while upstream may not. */
  async #kept<T>(
    ask: () => Promise<T | undefined>,
    digest: Digest,
    { signal }: OperationOptions,
  ): Promise<T | undefined> {
    const { expiry, observer } = this.#context;
    const { name } = this.#source;
    try {
      const found = await ask();
      if (found !== undefined) expiry.touch({ repository: name, digest });
      return found;
    } catch (error) {
      signal?.throwIfAborted();
      if (RegistryError.is(error, 'RANGE_UNSATISFIABLE')) throw error;
      if (!RegistryError.is(error, 'BLOB_UNKNOWN')) {
        observer({ type: 'failed', problem: `cannot read blob ${digest} of ${name}`, error });
      }
      return undefined;
    }
  }

  #statRemote(digest: Digest, options: OperationOptions): Promise<Descriptor | undefined> {
    const { name } = this.#source;
    const { flights } = this.#context;
    const stat = async () => {
      try {
        return await statUpstream(this.#source, digest);
      } catch (error) {
        this.#tellOutage(error);
        throw error;
      }
    };
    return flights.run(`blob ${keyOf(name, digest)}`, stat, options);
  }
}

async function describe(running: Promise<BlobFetch>): Promise<Descriptor | undefined> {
  try {
    return (await running).descriptor;
  } catch (error) {
    if (RegistryError.is(error, 'BLOB_UNKNOWN')) return undefined;
    throw error;
  }
}
