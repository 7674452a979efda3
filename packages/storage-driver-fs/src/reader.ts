import { read } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Refusal, type ReaderRange } from '@purser/storage-driver';
import { CHUNK_SIZE, type ChunkPool } from './chunk-pool.ts';

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

/** Reads ahead by one chunk: while that is consumed, the next is read; so two are held at most. */
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
    const size = Math.min(CHUNK_SIZE, this.#end - this.#position);
    if (size === 0) this.push(null);
    else void this.#fill(Buffer.allocUnsafeSlow(size)).then((chunk) => this.#give(chunk));
  }

  #give(chunk: Buffer | Error): void {
    if (this.destroyed) return;
    if (chunk instanceof Error) {
      this.destroy(chunk);
      return;
    }
    this.push(chunk);
    if (this.#position === this.#end) this.push(null);
  }

  async *#lend(pool: ChunkPool): AsyncGenerator<Buffer, undefined> {
    const [first, second] = [pool.take(), pool.take()];
    try {
      let ahead = this.#position < this.#end ? this.#fill(first) : undefined;
      for (let turn = second; ahead !== undefined; turn = turn === first ? second : first) {
        const chunk = await ahead;
        if (this.destroyed) throw this.errored ?? this.#fail(new Error('the reader was closed'));
        if (chunk instanceof Error) throw chunk;
        ahead = this.#position < this.#end ? this.#fill(turn) : undefined;
        yield chunk;
      }
    } finally {
      await this.#reading;
      pool.give(first);
      pool.give(second);
      this.destroy();
    }
  }

  /** Reads into a buffer from its start; what it fails with is given, not thrown. */
  #fill(buffer: Buffer): Promise<Buffer | Error> {
    const size = Math.min(buffer.byteLength, this.#end - this.#position);
    const reading = new Promise<Buffer | Error>((resolve) => {
      read(this.#handle.fd, buffer, 0, size, this.#position, (error, count) => {
        this.#reading = undefined;
        this.#position += error === null ? count : 0;
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
