/** Numbers in one block of memory. */
const BLOCK_LENGTH = 16_384;

/** A list of 32-bit numbers, 4 bytes each, which grows without copying. What was never set is 0. */
export class NumberList {
  readonly #blocks: (Uint32Array | undefined)[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#blocks[Math.floor(index / BLOCK_LENGTH)]?.[index % BLOCK_LENGTH] ?? 0;
  }

  set(index: number, value: number): void {
    const block = (this.#blocks[Math.floor(index / BLOCK_LENGTH)] ??= new Uint32Array(
      BLOCK_LENGTH,
    ));
    block[index % BLOCK_LENGTH] = value;
    if (index >= this.#length) this.#length = index + 1;
  }

  /** @returns The index of the number. */
  push(value: number): number {
    this.set(this.#length, value);
    return this.#length - 1;
  }
}
