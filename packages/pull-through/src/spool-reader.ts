import { Readable } from 'node:stream';
import type { ByteRange } from '@purser/core';
import type { Spool } from './spool.ts';

/** The first read from the disk: it may wait for a client that never reads. */
const FIRST_READ_BYTES = 8 * 1024;

/** Later reads take as many bytes as were taken before, up to this. */
const MAXIMUM_READ_BYTES = 64 * 1024;

export interface SpoolReaderOptions {
  /** The whole spool when absent. */
  readonly range?: ByteRange | undefined;
  /** Whether chunks may be shared with other readers, since nobody changes them. Default `false`. */
  readonly lend?: boolean | undefined;
}

/** Follows a spool to its end, and holds it so long. Nothing is read ahead: a slow reader holds the chunk that it has. */
export class SpoolReader extends Readable {
  readonly #spool: Spool;
  readonly #release: () => void;
  readonly #end: number;
  readonly #lend: boolean;
  #offset: number;
  #takenBytes = 0;

  constructor(spool: Spool, { range, lend = false }: SpoolReaderOptions = {}) {
    super({ highWaterMark: 0 });
    this.#spool = spool;
    this.#release = spool.hold();
    this.#offset = range?.start ?? 0;
    this.#end = range === undefined ? Infinity : range.end + 1;
    this.#lend = lend;
  }

  override _read(): void {
    void this.#advance();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#release();
    done(error);
  }

  async #advance(): Promise<void> {
    try {
      const chunk =
        this.#offset < this.#end ? await this.#spool.read(this.#offset, this.#wanted) : undefined;
      if (!this.destroyed) this.push(chunk === undefined ? null : this.#take(chunk));
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  get #wanted(): number {
    return Math.min(Math.max(this.#takenBytes, FIRST_READ_BYTES), MAXIMUM_READ_BYTES);
  }

  #take(chunk: Uint8Array): Uint8Array {
    const wanted = chunk.subarray(0, Math.min(chunk.byteLength, this.#end - this.#offset));
    this.#offset += wanted.byteLength;
    this.#takenBytes += wanted.byteLength;
    return this.#lend ? wanted : Uint8Array.from(wanted);
  }
}
