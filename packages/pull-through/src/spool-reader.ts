import { Readable } from 'node:stream';
import type { ByteRange } from '@purser/core';
import type { Spool } from './spool.ts';

export interface SpoolReaderOptions {
  /** The whole spool when absent. */
  readonly range?: ByteRange | undefined;
  /** Whether chunks may be shared with other readers, since nobody changes them. Default `false`. */
  readonly lend?: boolean | undefined;
}

/** Follows a spool to its end, and holds it so long. */
export class SpoolReader extends Readable {
  readonly #spool: Spool;
  readonly #release: () => void;
  readonly #end: number;
  readonly #lend: boolean;
  #offset: number;

  constructor(spool: Spool, { range, lend = false }: SpoolReaderOptions = {}) {
    super({ highWaterMark: 1 });
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
      const chunk = this.#offset < this.#end ? await this.#spool.read(this.#offset) : undefined;
      if (!this.destroyed) this.push(chunk === undefined ? null : this.#take(chunk));
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #take(chunk: Uint8Array): Uint8Array {
    const wanted = chunk.subarray(0, Math.min(chunk.byteLength, this.#end - this.#offset));
    this.#offset += wanted.byteLength;
    return this.#lend ? wanted : Uint8Array.from(wanted);
  }
}
