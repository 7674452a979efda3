import { CHUNK_SIZES } from './chunk-pool.ts';

/** A chunk holds at most this much time of its consumer, except for one of the smallest size. */
const LONGEST_MS = 250;

/** A consumer that holds a chunk for longer has stalled: the bytes read ahead for it are dropped. */
export const STALL_MS = 500;

/**
 * How fast a consumer uses up chunks, and which size of chunk suits it. The first chunk is small, since it may wait for a
 * client that never reads.
 */
export class Pace {
  #size: number = CHUNK_SIZES[0];
  #keepsUp = false;

  /** Bytes to read next. */
  get size(): number {
    return this.#size;
  }

  /** True if the next chunk should be read while the consumer has this one. */
  get keepsUp(): boolean {
    return this.#keepsUp;
  }

  /** Takes account of a chunk that was used up. */
  used({ bytes, ms }: { readonly bytes: number; readonly ms: number }): void {
    this.#keepsUp = ms <= LONGEST_MS;
    const suitable = (size: number) => ms <= STALL_MS && (ms * size) / bytes <= LONGEST_MS;
    this.#size = CHUNK_SIZES.findLast(suitable) ?? CHUNK_SIZES[0];
  }
}
