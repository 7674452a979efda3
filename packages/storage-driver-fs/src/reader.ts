import { read } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Refusal, type ReaderRange } from '@purser/storage-driver';
import { LARGEST_CHUNK, type ChunkPool } from './chunk-pool.ts';
import { LendChunks } from './lend-chunks.ts';

export interface ReaderContext {
  /** Where chunks that are lent come from, and go back to. */
  readonly pool: ChunkPool;
  /** Makes of a failure what the stream is destroyed with. */
  readonly fail: (error: unknown) => Error;
}

/**
 * Opens a file for reading. The stream gives what the file holds now, also when it is replaced, deleted or appended to.
 *
 * @throws Refusal `NOT_A_FILE`.
 */
export async function openReader(
  path: string,
  { offset, length, lend }: ReaderRange,
  { pool, fail }: ReaderContext,
): Promise<Readable> {
  const handle = await open(path, 'r');
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) throw new Refusal('NOT_A_FILE');
    const end = Math.min(stats.size, offset + length);
    return new FileReader(handle, {
      start: Math.min(offset, end),
      end,
      pool: lend ? pool : undefined,
      fail,
    });
  } catch (error) {
    await handle.close().catch(() => {});
    throw error;
  }
}

interface FileReaderOptions {
  /** The first byte. */
  readonly start: number;
  /** The first byte not to give. */
  readonly end: number;
  /** `undefined` when chunks are the caller's. */
  readonly pool: ChunkPool | undefined;
  readonly fail: (error: unknown) => Error;
}

/**
 * Reads ahead by at most one chunk. Chunks that are lent grow with the pace of their consumer, and one that stalls holds
 * a single chunk.
 */
class FileReader extends Readable {
  readonly #handle: FileHandle;
  #position: number;
  readonly #end: number;
  readonly #pool: ChunkPool | undefined;
  readonly #fail: (error: unknown) => Error;
  /** The read under way; never fails. */
  #reading: Promise<unknown> | undefined;

  constructor(handle: FileHandle, { start, end, pool, fail }: FileReaderOptions) {
    // Any chunk fills it: one is kept ready while another is consumed, and no more are read.
    super({ highWaterMark: 1 });
    this.#handle = handle;
    this.#position = start;
    this.#end = end;
    this.#pool = pool;
    this.#fail = fail;
  }

  /** Lends its chunks when it may: only here is it known that the caller is done with one. */
  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Buffer> {
    return this.#pool === undefined ? super[Symbol.asyncIterator]() : this.#lend(this.#pool);
  }

  override _read(): void {
    const size = Math.min(LARGEST_CHUNK, this.#end - this.#position);
    if (size === 0) this.push(null);
    else {
      const buffer = Buffer.allocUnsafeSlow(size);
      void this.#fill(buffer, this.#position).then((chunk) => this.#give(chunk));
    }
  }

  #give(chunk: Buffer | Error): void {
    if (this.destroyed) return;
    if (chunk instanceof Error) {
      this.destroy(chunk);
      return;
    }
    this.#position += chunk.byteLength;
    this.push(chunk);
    if (this.#position === this.#end) this.push(null);
  }

  async *#lend(pool: ChunkPool): AsyncGenerator<Buffer, undefined> {
    const fill = (buffer: Buffer, position: number) => this.#fill(buffer, position);
    const lender = new LendChunks({ start: this.#position, end: this.#end, pool, fill });
    try {
      for await (const chunk of lender.chunks()) {
        if (this.destroyed) throw this.#closed();
        yield chunk;
      }
    } finally {
      this.destroy();
    }
  }

  #closed(): Error {
    return this.errored ?? this.#fail(new Error('the reader was closed'));
  }

  /** Reads into a buffer from its start. Returns a failure instead of throwing it. */
  #fill(buffer: Buffer, position: number): Promise<Buffer | Error> {
    // The number of a closed handle may belong to another file.
    if (this.destroyed) return Promise.resolve(this.#closed());
    const size = Math.min(buffer.byteLength, this.#end - position);
    const reading = new Promise<Buffer | Error>((resolve) => {
      read(this.#handle.fd, buffer, 0, size, position, (error, count) => {
        this.#reading = undefined;
        if (error !== null) resolve(this.#fail(error));
        else if (count > 0) resolve(buffer.subarray(0, count));
        else resolve(this.#fail(new Error('the file became shorter while it was read')));
      });
    });
    this.#reading = reading;
    return reading;
  }

  /** The number of a closed handle may be given to another file at once: a read under way must be over before. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    void this.#close(error, done);
  }

  async #close(error: Error | null, done: (error?: Error | null) => void): Promise<void> {
    let failure = error;
    try {
      await this.#reading;
      await this.#handle.close();
    } catch (closing) {
      failure ??= this.#fail(closing);
    }
    done(failure);
  }
}
