/** Bytes that wait to be sent, first in, first out, without copying them. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.byteLength;
  }

  /** The first bytes, which stay: at most `length`. */
  peek(length: number): readonly Uint8Array[] {
    const found: Uint8Array[] = [];
    let left = length;
    for (const chunk of this.#chunks) {
      if (left <= 0) break;
      found.push(chunk.subarray(0, left));
      left -= chunk.byteLength;
    }
    return found;
  }

  /** Lets go of the first bytes. */
  drop(length: number): void {
    let left = Math.min(length, this.#size);
    this.#size -= left;
    let whole = 0;
    for (; left > 0; whole++) {
      const chunk = this.#chunks[whole]!;
      if (chunk.byteLength > left) {
        this.#chunks[whole] = chunk.subarray(left);
        break;
      }
      left -= chunk.byteLength;
    }
    this.#chunks = this.#chunks.slice(whole);
  }
}
