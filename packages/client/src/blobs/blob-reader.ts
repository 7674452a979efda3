import { Readable } from 'node:stream';
import { Digester, supportedAlgorithmOf, type ByteRange, type Digest } from '@purser/core';
import { Attempts } from './attempts.ts';
import { outside, requestPart, type BlobAddress, type BlobPart } from './blob-part.ts';
import { invalidResponse, wrongDigest } from '../response-errors.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';

export interface ReadBlobOptions {
  readonly range?: ByteRange | undefined;
  /** The size the blob has to have, in bytes. */
  readonly size?: number | undefined;
}

/** A stream holds this many bytes ahead of its reader, besides one chunk that waits to be verified. */
const HIGH_WATER_MARK = 256 * 1024;

/**
 * Opens a blob. A transfer that is cut goes on where it ended. The last chunk of a whole blob is given only when the
 * content is what the digest names; a range cannot be verified.
 *
 * The stream fails with RegistryClientError `DIGEST_INVALID` for other content; `SIZE_INVALID` when it is longer than
 * `size`; what the transport fails with, when going on did not help.
 *
 * @throws RegistryClientError `BLOB_UNKNOWN`, `RANGE_UNSATISFIABLE`, `DIGEST_INVALID` when the algorithm is not
 * supported.
 */
export async function readBlob(
  address: BlobAddress,
  options: ReadBlobOptions = {},
): Promise<Readable> {
  return (await readSizedBlob(address, options)).content;
}

export interface SizedContent {
  readonly content: Readable;
  /** Bytes of the whole blob; `undefined` when the registry does not tell. */
  readonly total: number | undefined;
}

/** As `readBlob`, with what the answer tells of the blob's size. */
export async function readSizedBlob(
  address: BlobAddress,
  { range, size }: ReadBlobOptions = {},
): Promise<SizedContent> {
  if (range !== undefined && !isRange(range)) throw outside(undefined);
  const source = new BlobSource(address, range);
  await source.open();
  const { total } = source;
  try {
    const content =
      range === undefined
        ? verified(source.chunks(), { expected: address.digest, size })
        : source.chunks();
    const stream = Readable.from(content, { objectMode: false, highWaterMark: HIGH_WATER_MARK });
    // A stream that is destroyed before it is read never asks its source to end.
    return { content: stream.once('close', () => source.close()), total };
  } catch (error) {
    source.close();
    throw error;
  }
}

function isRange({ start, end }: ByteRange): boolean {
  return Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end;
}

/** The bytes of a blob, over as many requests as it takes. */
class BlobSource {
  readonly #address: BlobAddress;
  readonly #end: number | undefined;
  readonly #attempts = new Attempts();
  #position: number;
  #part: BlobPart | undefined;
  #total: number | undefined;
  #etag: string | undefined;

  constructor(address: BlobAddress, range: ByteRange | undefined) {
    this.#address = address;
    this.#position = range?.start ?? 0;
    this.#end = range?.end;
  }

  async open(): Promise<void> {
    const part = await requestPart(this.#address, {
      start: this.#position,
      end: this.#end,
      etag: this.#etag,
    });
    this.#part = part;
    if (this.#total !== undefined && part.total !== undefined && part.total !== this.#total) {
      part.body.destroy();
      throw invalidResponse(`${this.#address.digest} has another size than when it was begun`);
    }
    this.#total ??= part.total;
    this.#etag ??= part.etag;
  }

  /** Bytes of the whole blob, as far as it is told. */
  get total(): number | undefined {
    return this.#total;
  }

  close(): void {
    this.#part?.body.destroy();
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const failure: { error?: RegistryClientError } = {};
      yield* this.#untilCut(failure);
      if (failure.error === undefined) return;
      this.#attempts.fail(failure.error, this.#position);
      await this.open();
    }
  }

  /** Gives what comes until the end, or until a failure that may pass. */
  async *#untilCut(failure: { error?: RegistryClientError }): AsyncGenerator<Uint8Array> {
    const { body, skip } = this.#part!;
    const last = this.#end ?? (this.#total ?? Infinity) - 1;
    try {
      for await (const chunk of clip(body, skip, last + 1 - this.#position)) {
        this.#position += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      if (!RegistryClientError.is(error) || !error.retryable) throw error;
      failure.error = error;
      return;
    }
    if (this.#position <= last && last !== Infinity) failure.error = tooShort();
  }
}

/** Leaves out the first bytes, and everything beyond as many as are wanted. */
async function* clip(body: Readable, skip: number, wanted: number): AsyncGenerator<Uint8Array> {
  let toSkip = skip;
  let toGive = wanted;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    const rest = chunk.subarray(Math.min(toSkip, chunk.byteLength));
    toSkip -= chunk.byteLength - rest.byteLength;
    const given = rest.subarray(0, Math.min(toGive, rest.byteLength));
    toGive -= given.byteLength;
    if (given.byteLength > 0) yield given;
    // Leaving the loop destroys the body, and its connection with it: only when there is more than was wanted.
    if (given.byteLength < rest.byteLength) return;
  }
}

interface Expectation {
  readonly expected: Digest;
  readonly size: number | undefined;
}

function verified(
  chunks: AsyncIterable<Uint8Array>,
  { expected, size = Infinity }: Expectation,
): AsyncGenerator<Uint8Array> {
  const digester = new Digester(supportedAlgorithmOf(expected));
  return (async function* () {
    let held: Uint8Array | undefined;
    for await (const chunk of chunks) {
      digester.update(chunk);
      if (digester.size > size) throw tooLong(expected, size);
      if (held !== undefined) yield held;
      held = chunk;
    }
    if (digester.digest() !== expected) throw wrongDigest(expected, 'the blob that was received');
    if (held !== undefined) yield held;
  })();
}

function tooLong(digest: Digest, size: number): RegistryClientError {
  return new RegistryClientError('SIZE_INVALID', {
    message: `the blob that was received is longer than the ${size} bytes of ${digest}`,
    detail: { digest, size },
  });
}

function tooShort(): RegistryClientError {
  return new RegistryClientError('UNAVAILABLE', {
    message: 'the registry ended a blob before its end',
    retryable: true,
  });
}
