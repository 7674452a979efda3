/** 512 KiB: fewer trips to the thread pool than with the 64 KiB of `createReadStream`, each of which costs more than it reads. */
export const CHUNK_SIZE = 512 * 1024;

/** 10 MiB in all: what ten readers need. */
const MAXIMUM_IDLE = 20;

/** Memory for chunks that are only lent. Allocating it anew costs more than reading into it, and it is freed late. */
export class ChunkPool {
  readonly #idle: Buffer[] = [];

  /** A buffer of `CHUNK_SIZE`, with what anyone left in it. */
  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(CHUNK_SIZE);
  }

  /** Takes a buffer back that nobody uses any more. */
  give(buffer: Buffer): void {
    if (this.#idle.length < MAXIMUM_IDLE) this.#idle.push(buffer);
  }
}
