const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Chunks from the first read of a reader to those of a client that keeps up: see `Pace`. */
export const CHUNK_SIZES = [8 * KIBIBYTE, 64 * KIBIBYTE, 512 * KIBIBYTE] as const;

/** 512 KiB: fewer trips to the thread pool than with the 64 KiB of `createReadStream`; each costs more than its read. */
export const LARGEST_CHUNK = CHUNK_SIZES[2];

const SMALLEST_CHUNK = CHUNK_SIZES[0];

export interface ChunkPoolOptions {
  /** Maximum bytes of lent chunks above the smallest size. Default 32 MiB. */
  readonly budgetBytes?: number | undefined;
  /** Maximum bytes of unused buffers. Default 8 MiB. */
  readonly idleBytes?: number | undefined;
}

/**
 * Memory for lent chunks: reusing it costs less than the read, allocating it costs more.
 *
 * Any number of readers gets chunks of the smallest size. Larger chunks share a budget, and the largest size leaves a
 * quarter of it to the others: many readers get smaller chunks instead of more memory.
 */
export class ChunkPool {
  readonly #budget: number;
  readonly #maximumIdle: number;
  readonly #idle = new Map<number, Buffer[]>(CHUNK_SIZES.map((size) => [size, []]));
  #idleBytes = 0;
  #lentBytes = 0;
  /** The part of `#lentBytes` in chunks above the smallest size. */
  #spent = 0;

  constructor({ budgetBytes = 32 * MEBIBYTE, idleBytes = 8 * MEBIBYTE }: ChunkPoolOptions = {}) {
    this.#budget = budgetBytes;
    this.#maximumIdle = idleBytes;
  }

  /** Bytes of the buffers that readers hold. */
  get lentBytes(): number {
    return this.#lentBytes;
  }

  /** Bytes of the buffers that wait for the next reader. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** Returns a buffer with arbitrary content: the smallest that holds `wanted` bytes, or the largest that is affordable. */
  take(wanted: number): Buffer {
    const size = this.#affordable(wanted);
    this.#count(size, 1);
    const buffer = this.#idle.get(size)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.#idleBytes -= size;
    return buffer;
  }

  /** Takes back a buffer that nothing refers to any more. */
  give(buffer: Buffer): void {
    const size = buffer.byteLength;
    this.#count(size, -1);
    if (this.#idleBytes + size > this.#maximumIdle) return;
    this.#idle.get(size)?.push(buffer);
    this.#idleBytes += size;
  }

  /**
   * Forgets a buffer that may still be in use: a client that leaves can have a part of it on its way to the network. The
   * garbage collector frees it.
   */
  abandon(buffer: Buffer): void {
    this.#count(buffer.byteLength, -1);
  }

  #affordable(wanted: number): number {
    const enough = CHUNK_SIZES.find((size) => size >= wanted) ?? LARGEST_CHUNK;
    const sizes = CHUNK_SIZES.filter((size) => size <= enough);
    return sizes.findLast((size) => this.#spent + size <= this.#limitOf(size)) ?? SMALLEST_CHUNK;
  }

  #limitOf(size: number): number {
    if (size === SMALLEST_CHUNK) return Infinity;
    return size === LARGEST_CHUNK ? this.#budget * 0.75 : this.#budget;
  }

  #count(size: number, sign: 1 | -1): void {
    this.#lentBytes += sign * size;
    if (size > SMALLEST_CHUNK) this.#spent += sign * size;
  }
}
