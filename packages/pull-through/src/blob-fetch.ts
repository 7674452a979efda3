import type { Readable } from 'node:stream';
import {
  Digester,
  RegistryError,
  supportedAlgorithmOf,
  type BlobStore,
  type Descriptor,
  type Digest,
  type OpenOptions,
} from '@purser/core';
import type { Spool } from './spool.ts';
import { SpoolReader } from './spool-reader.ts';
import { upstreamFailure } from './upstream-failure.ts';

export interface BlobFetchOptions {
  readonly upstream: string;
  readonly digest: Digest;
  readonly size: number;
  readonly content: Readable;
  readonly spool: Spool;
  /** Breaks off the request to the upstream. */
  readonly breakOff: () => void;
}

/** A fetch of which no more than this is missing is always completed, in bytes. */
const LITTLE_BYTES = 1024 * 1024;

/**
 * One blob on its way from an upstream: written to a spool that everyone follows who wants it, the local store among
 * them. The last byte is held back until the content has proved to be what its digest says.
 */
export class BlobFetch {
  readonly descriptor: Descriptor;
  readonly #options: BlobFetchOptions;
  readonly #digester: Digester;
  readonly #ended = new AbortController();
  #followers = 0;
  #departures = 0;
  #isAbandoned = false;

  /** Called when the last follower has left. */
  onUnfollowed: () => void = () => {};

  constructor(options: BlobFetchOptions, descriptor: Descriptor) {
    this.descriptor = descriptor;
    this.#options = options;
    this.#digester = new Digester(supportedAlgorithmOf(options.digest));
  }

  /** Aborted when nothing comes any more. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Whether a client reads it; the local store does not count. */
  get isFollowed(): boolean {
    return this.#followers > 0;
  }

  /** How many followers have left. */
  get departures(): number {
    return this.#departures;
  }

  /** Whether it was broken off because nobody followed it. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Bytes that have come. */
  get received(): number {
    return this.#options.spool.size;
  }

  /** Between 0 and 1. */
  get receivedShare(): number {
    return this.#options.size === 0 ? 1 : this.received / this.#options.size;
  }

  /** Whether to fetch the rest costs less than to fetch all of it again. */
  get isMostlyReceived(): boolean {
    const missing = this.#options.size - this.received;
    return missing <= Math.max(this.received, LITTLE_BYTES);
  }

  /** Breaks the fetch off because nobody follows it. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#options.breakOff();
  }

  /**
   * Follows the fetch from the start of the range, waiting for what has not come yet.
   *
   * @throws RegistryError `RANGE_UNSATISFIABLE` when the range does not lie inside the blob.
   */
  open({ range, lend }: OpenOptions = {}): Readable {
    const { size, spool } = this.#options;
    if (range !== undefined && (range.start < 0 || range.start > range.end || range.end >= size)) {
      throw new RegistryError('RANGE_UNSATISFIABLE', { detail: { size } });
    }
    const reader = new SpoolReader(spool, { range, lend });
    this.#followers++;
    return reader.once('close', () => {
      this.#followers--;
      this.#departures++;
      if (this.#followers === 0 && !this.ended.aborted) this.onUnfollowed();
    });
  }

  /**
   * Takes the content in. Whoever follows meets its failure too.
   *
   * @throws RegistryError `RESPONSE_INVALID` when the content is not what the digest says, `UNAVAILABLE` when it breaks
   * off, `STORAGE_FULL` when it cannot be spooled.
   */
  async run(): Promise<void> {
    const { spool, upstream, content } = this.#options;
    try {
      await this.#receive();
      spool.finish();
    } catch (error) {
      const failure = upstreamFailure(error, upstream);
      spool.finish(failure);
      throw failure;
    } finally {
      this.#ended.abort();
      content.destroy();
    }
  }

  /** Keeps the content in a store as it comes; nothing is kept when it fails. */
  async keepIn(blobs: BlobStore): Promise<void> {
    const { digest, size, spool } = this.#options;
    const content = new SpoolReader(spool, { lend: true });
    try {
      const writer = await blobs.create({ algorithm: supportedAlgorithmOf(digest) });
      try {
        await writer.append(content, { length: size });
      } catch (error) {
        await writer.cancel();
        throw error;
      }
      await writer.commit(digest);
    } finally {
      content.destroy();
    }
  }

  async #receive(): Promise<void> {
    const { content, size, spool } = this.#options;
    let last: Uint8Array | undefined;
    for await (const part of content) {
      const chunk = part as Uint8Array;
      if (chunk.byteLength === 0) continue;
      this.#digester.update(chunk);
      if (this.#digester.size > size) throw this.#mismatch(`is longer than ${size} bytes`);
      if (this.#digester.size < size) await spool.append(chunk);
      else last = chunk;
    }
    this.#verify();
    if (last !== undefined) await spool.append(last);
  }

  #verify(): void {
    const { digest, size } = this.#options;
    if (this.#digester.size < size) throw this.#mismatch(`ends before ${size} bytes`);
    if (this.#digester.digest() !== digest) throw this.#mismatch('has another digest');
  }

  #mismatch(how: string): RegistryError {
    const { upstream, digest } = this.#options;
    return new RegistryError('RESPONSE_INVALID', {
      message: `the upstream ${upstream} gave wrong content for a blob: it ${how}`,
      detail: { digest },
    });
  }
}
