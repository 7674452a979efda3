/**
 * Regroups content into chunks of one size; the last may be shorter. When the content fails, what came before is given
 * first.
 */
export async function* contentChunks(
  content: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  const gathered = new Gathering(size);
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const piece of content) yield* gathered.add(piece);
  } catch (error) {
    failure = { error };
  }
  if (gathered.length > 0) yield gathered.take();
  if (failure !== undefined) throw failure.error;
}

class Gathering {
  readonly #size: number;
  #pieces: Uint8Array[] = [];
  length = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes a piece in, and gives the chunks that it makes full. */
  *add(piece: Uint8Array): Generator<Uint8Array> {
    for (let start = 0; start < piece.byteLength;) {
      const part = piece.subarray(start, start + this.#size - this.length);
      // A source may use its memory again.
      this.#pieces.push(Uint8Array.from(part));
      this.length += part.byteLength;
      start += part.byteLength;
      if (this.length === this.#size) yield this.take();
    }
  }

  take(): Uint8Array {
    const chunk = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.length = 0;
    return chunk;
  }
}
