import { read } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Refusal, type ReaderRange } from '@purser/storage-driver';

/** 512 KiB: fewer trips to the thread pool than with the 64 KiB of `createReadStream`, each of which costs more than it reads. */
const CHUNK_SIZE = 512 * 1024;

/**
 * Opens a file for reading. The stream gives what the file holds now, also when it is replaced, deleted or appended to.
 *
 * @param fail Makes of a failure what the stream is destroyed with.
 * @throws Refusal `NOT_A_FILE`.
 */
export async function openReader(
  path: string,
  { offset, length, lend }: ReaderRange,
  fail: (error: unknown) => Error,
): Promise<Readable> {
  const handle = await open(path, 'r');
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) throw new Refusal('NOT_A_FILE');
    const end = Math.min(stats.size, offset + length);
    return new FileReader(handle, { start: Math.min(offset, end), end, lend, fail });
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
  readonly lend: boolean;
  readonly fail: (error: unknown) => Error;
}

/** Reads ahead by one chunk: while that is consumed, the next is read; so two are held at most. */
class FileReader extends Readable {
  readonly #handle: FileHandle;
  #position: number;
  readonly #end: number;
  readonly #fail: (error: unknown) => Error;
  /** Takes turns with the one being consumed; allocating anew costs more than reading. Empty when chunks are kept. */
  readonly #lent: Buffer[];
  #isReading = false;
  /** What waits for the read under way. */
  #whenIdle: (() => void) | undefined;

  constructor(handle: FileHandle, { start, end, lend, fail }: FileReaderOptions) {
    // Any chunk fills it: one is kept ready while another is consumed, and no more are read.
    super({ highWaterMark: 1 });
    this.#handle = handle;
    this.#position = start;
    this.#end = end;
    this.#fail = fail;
    const size = Math.min(CHUNK_SIZE, end - start);
    this.#lent = lend ? [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)] : [];
  }

  override _read(): void {
    const size = Math.min(CHUNK_SIZE, this.#end - this.#position);
    if (size === 0) {
      this.push(null);
      return;
    }
    const chunk = this.#nextBuffer(size);
    this.#isReading = true;
    read(this.#handle.fd, chunk, 0, size, this.#position, (error, count) => {
      this.#isReading = false;
      if (this.#whenIdle !== undefined) this.#whenIdle();
      else if (error !== null) this.destroy(this.#fail(error));
      else this.#take(chunk.subarray(0, count));
    });
  }

  #nextBuffer(size: number): Buffer {
    const buffer = this.#lent.shift();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.#lent.push(buffer);
    return buffer;
  }

  #take(chunk: Buffer): void {
    if (chunk.byteLength === 0) {
      this.destroy(this.#fail(new Error('the file became shorter while it was read')));
      return;
    }
    this.#position += chunk.byteLength;
    this.push(chunk);
    if (this.#position === this.#end) this.push(null);
  }

  /** The number of a closed handle may be given to another file at once: a read under way must be over before. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const close = () => void this.#close(error, done);
    if (this.#isReading) this.#whenIdle = close;
    else close();
  }

  async #close(error: Error | null, done: (error?: Error | null) => void): Promise<void> {
    let failure = error;
    try {
      await this.#handle.close();
    } catch (closing) {
      failure ??= this.#fail(closing);
    }
    done(failure);
  }
}
