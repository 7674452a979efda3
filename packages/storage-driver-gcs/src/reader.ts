import { Readable } from 'node:stream';
import { Refusal } from '@purser/storage-driver';
import type { Dispatcher } from 'undici';
import type { Bucket, ObjectRange } from './bucket.ts';
import { checkCrc32c, crc32cOf, updateCrc32c } from './crc32c.ts';
import { isTransient, statusOf } from './errors.ts';
import { UPLOAD_CONTENT_TYPE } from './stored-upload.ts';

export interface ReadOptions {
  readonly signal: AbortSignal | undefined;
  /** What the stream fails with. */
  readonly fail: (error: unknown) => Error;
}

/** Bytes that a reader keeps ready: one piece of what the network brings. More comes from the buffers of the connection. */
const HIGH_WATER_MARK = 64 * 1024;

/** Opens an object for reading, with one request for the range that is asked for. */
export async function openReader(
  { bucket, key }: { bucket: Bucket; key: string },
  range: ObjectRange,
  options: ReadOptions,
): Promise<Readable> {
  if (range.length === 0) return emptyReader(bucket, key, options.signal);
  const left = new AbortController();
  const { signal } = options;
  const opening = signal === undefined ? left.signal : AbortSignal.any([left.signal, signal]);
  try {
    const response = await bucket.requests.retry.run(
      () => bucket.readOnce(key, range, opening),
      signal,
    );
    if (response.headers['content-type'] === UPLOAD_CONTENT_TYPE) {
      response.body.on('error', () => {}).destroy();
      throw new Refusal('PATH_NOT_FOUND');
    }
    return new ObjectReader({ bucket, key, range, left, response, fail: options.fail });
  } catch (error) {
    if (statusOf(error) === 416) return Readable.from([], { objectMode: false });
    throw error;
  }
}

async function emptyReader(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Readable> {
  const object = await bucket.stat(key, signal);
  if (object === undefined || object.contentType === UPLOAD_CONTENT_TYPE) {
    throw new Refusal('PATH_NOT_FOUND');
  }
  return Readable.from([], { objectMode: false });
}

interface ObjectReaderOptions {
  readonly bucket: Bucket;
  readonly key: string;
  readonly range: ObjectRange;
  /** Aborted when the reader is destroyed. */
  readonly left: AbortController;
  readonly response: Dispatcher.ResponseData;
  readonly fail: (error: unknown) => Error;
}

/**
 * Gives the bytes of one generation of an object. A connection that breaks is replaced by another, which goes on where it
 * broke; only several without a single byte end it. An object read whole is checked by its CRC32C.
 */
class ObjectReader extends Readable {
  readonly #options: ObjectReaderOptions;
  readonly #generation: string | undefined;
  readonly #end: number;
  /** What the bytes have to have; `undefined` for a part. */
  readonly #expected: string | undefined;
  #body: Dispatcher.ResponseData['body'] | undefined;
  #position: number;
  #checksum = 0;
  /** Connections that broke since the last byte. */
  #broken = 0;

  constructor(options: ObjectReaderOptions) {
    super({ highWaterMark: HIGH_WATER_MARK });
    const { range, response } = options;
    this.#options = options;
    this.#generation = headerOf(response, 'x-goog-generation');
    this.#position = range.offset;
    this.#end = range.offset + Number(headerOf(response, 'content-length') ?? Infinity);
    const isWhole = range.offset === 0 && range.length === Infinity;
    this.#expected = isWhole ? crc32cOf(headerOf(response, 'x-goog-hash')) : undefined;
    this.#attach(response.body);
  }

  override _read(): void {
    this.#body?.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#options.left.abort();
    this.#body?.destroy();
    callback(error);
  }

  #attach(body: Dispatcher.ResponseData['body']): void {
    this.#body = body;
    body.on('data', (chunk: Buffer) => this.#take(chunk));
    body.on('end', () => this.#finish());
    body.on('error', (error) => void this.#reconnect(error));
    body.pause();
  }

  #take(chunk: Buffer): void {
    this.#position += chunk.byteLength;
    this.#broken = 0;
    if (this.#expected !== undefined) this.#checksum = updateCrc32c(this.#checksum, chunk);
    if (!this.push(chunk)) this.#body?.pause();
  }

  #finish(): void {
    try {
      checkCrc32c(this.#expected, this.#checksum);
      this.push(null);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #reconnect(error: Error): Promise<void> {
    if (this.destroyed) return;
    this.#body = undefined;
    const { bucket, key, left } = this.#options;
    const { retry } = bucket.requests;
    this.#broken++;
    if (!isTransient(error) || this.#broken >= retry.maxAttempts) return this.#fail(error);
    try {
      if (this.#broken > 1) await retry.pause(this.#broken - 1, { error, signal: left.signal });
      const range = {
        offset: this.#position,
        length: this.#end - this.#position,
        generation: this.#generation,
      };
      const { body } = await retry.run(() => bucket.readOnce(key, range, left.signal), left.signal);
      if (this.destroyed) return void body.on('error', () => {}).destroy();
      this.#attach(body);
      body.resume();
    } catch (failure) {
      if (!this.destroyed) this.#fail(failure);
    }
  }

  #fail(error: unknown): void {
    this.destroy(this.#options.fail(error));
  }
}

function headerOf({ headers }: Dispatcher.ResponseData, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
