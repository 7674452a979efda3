import type { ChunkPool } from './chunk-pool.ts';
import { Pace, STALL_MS } from './pace.ts';

export interface LendChunksOptions {
  /** The first byte. */
  readonly start: number;
  /** The first byte not to give. */
  readonly end: number;
  readonly pool: ChunkPool;
  /** Reads at most `buffer.byteLength` bytes at a position. Returns a failure instead of throwing it. */
  readonly fill: (buffer: Buffer, position: number) => Promise<Buffer | Error>;
}

interface Reading {
  readonly buffer: Buffer;
  readonly chunk: Promise<Buffer | Error>;
  isOver: boolean;
}

/** Lends chunks of a file to one consumer, which is done with a chunk when it asks for the next. */
export class LendChunks {
  readonly #options: LendChunksOptions;
  readonly #pace = new Pace();
  /** The next chunk, for a consumer that keeps up. */
  #ahead: Reading | undefined;
  #stall: NodeJS.Timeout | undefined;

  constructor(options: LendChunksOptions) {
    this.#options = options;
  }

  async *chunks(): AsyncGenerator<Buffer, undefined> {
    const { start, end } = this.#options;
    try {
      for (let position = start; position < end;) {
        const reading = this.#ahead ?? this.#read(position);
        this.#ahead = undefined;
        const chunk = await this.#finished(reading);
        position += chunk.byteLength;
        if (this.#pace.keepsUp && position < end) this.#readAhead(position);
        yield* this.#lend(chunk, reading.buffer);
      }
    } finally {
      await this.#end();
    }
  }

  async #finished({ chunk, buffer }: Reading): Promise<Buffer> {
    const read = await chunk;
    if (!(read instanceof Error)) return read;
    this.#options.pool.give(buffer);
    throw read;
  }

  *#lend(chunk: Buffer, buffer: Buffer): Generator<Buffer, undefined> {
    const { pool } = this.#options;
    const since = performance.now();
    let isDone = false;
    try {
      yield chunk;
      isDone = true;
    } finally {
      // A consumer that leaves does not say whether it is done.
      if (isDone) pool.give(buffer);
      else pool.abandon(buffer);
    }
    this.#pace.used({ bytes: chunk.byteLength, ms: performance.now() - since });
  }

  #read(position: number): Reading {
    const { pool, end, fill } = this.#options;
    const wanted = Math.min(this.#pace.size, end - position);
    const buffer = pool.take(wanted);
    const reading = {
      buffer,
      isOver: false,
      chunk: fill(buffer, position).finally(() => (reading.isOver = true)),
    };
    return reading;
  }

  #readAhead(position: number): void {
    this.#ahead = this.#read(position);
    if (this.#stall) this.#stall.refresh();
    else this.#stall = setTimeout(() => this.#dropAhead(), STALL_MS).unref();
  }

  /** Gives memory back that a stalled consumer does not need yet; the bytes are read again when it does. */
  #dropAhead(): void {
    if (this.#ahead === undefined) return;
    if (!this.#ahead.isOver) return void this.#stall?.refresh();
    this.#options.pool.give(this.#ahead.buffer);
    this.#ahead = undefined;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#stall);
    if (this.#ahead === undefined) return;
    await this.#ahead.chunk;
    this.#options.pool.give(this.#ahead.buffer);
  }
}
