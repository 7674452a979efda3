import { getRandomValues } from 'node:crypto';
import { CANONICAL_ALGORITHM, type Digest } from '@purser/core';

/** 32-bit words of a sha256. */
const WORDS = 8;

/** Digests in one block of memory, of which a table has as many as it needs. */
const BLOCK_LENGTH = 4096;

/** Slots of the index at first; a power of two. */
const FIRST_SLOTS = 16;

/**
 * Numbers digests from 0 in the order in which they come. A sha256 takes about 40 bytes, a fifth of what it takes as a
 * text in a `Set`; any other digest is kept as a text.
 *
 * The index is hashed with random multipliers: clients choose digests, also of content that does not exist, and could
 * put all of them into one place otherwise.
 */
export class DigestTable {
  readonly #blocks: Uint32Array[] = [];
  readonly #others = new Map<Digest, number>();
  readonly #otherNames = new Map<number, Digest>();
  readonly #multipliers = getRandomValues(new Uint32Array(WORDS));
  readonly #sought = new Uint32Array(WORDS);
  readonly #soughtBytes = Buffer.from(this.#sought.buffer);
  /** Open addressing: the number of a digest, plus one. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Returns the number of a digest, which gets one if it has none. */
  add(digest: Digest): number {
    return isCanonical(digest) ? this.#addCanonical(digest) : this.#addOther(digest);
  }

  find(digest: Digest): number | undefined {
    if (!isCanonical(digest)) return this.#others.get(digest);
    const found = this.#slots[this.#slotOf(digest)]!;
    return found === 0 ? undefined : found - 1;
  }

  /** @param number One that `add` gave. */
  at(number: number): Digest {
    const other = this.#otherNames.get(number);
    if (other !== undefined) return other;
    const block = this.#blocks[Math.floor(number / BLOCK_LENGTH)]!;
    const start = block.byteOffset + (number % BLOCK_LENGTH) * WORDS * 4;
    const encoded = Buffer.from(block.buffer, start, WORDS * 4).toString('hex');
    return `${CANONICAL_ALGORITHM}:${encoded}` as Digest;
  }

  *[Symbol.iterator](): Iterator<Digest> {
    for (let number = 0; number < this.#size; number++) yield this.at(number);
  }

  *numbers(): IterableIterator<number> {
    for (let number = 0; number < this.#size; number++) yield number;
  }

  *entries(): IterableIterator<readonly [number, Digest]> {
    for (let number = 0; number < this.#size; number++) yield [number, this.at(number)];
  }

  #addCanonical(digest: Digest): number {
    const slot = this.#slotOf(digest);
    const found = this.#slots[slot]!;
    if (found !== 0) return found - 1;
    const number = this.#size++;
    this.#slots[slot] = number + 1;
    this.#blockFor(number).set(this.#sought, (number % BLOCK_LENGTH) * WORDS);
    if (this.#size * 4 > this.#slots.length * 3) this.#enlarge();
    return number;
  }

  #addOther(digest: Digest): number {
    const found = this.#others.get(digest);
    if (found !== undefined) return found;
    const number = this.#size++;
    // Its words stay 0: nothing is found by them.
    this.#blockFor(number);
    this.#others.set(digest, number);
    this.#otherNames.set(number, digest);
    return number;
  }

  /** Small tables take little: the first block grows. */
  #blockFor(number: number): Uint32Array {
    const index = Math.floor(number / BLOCK_LENGTH);
    const block = this.#blocks[index];
    const needed = ((number % BLOCK_LENGTH) + 1) * WORDS;
    if (block !== undefined && block.length >= needed) return block;
    const length = index > 0 ? BLOCK_LENGTH * WORDS : Math.max(2 * needed, FIRST_SLOTS * WORDS);
    const larger = new Uint32Array(Math.min(length, BLOCK_LENGTH * WORDS));
    if (block !== undefined) larger.set(block);
    this.#blocks[index] = larger;
    return larger;
  }

  /** The slot of a digest, or the free one that it would take. Leaves the words of the digest in `#sought`. */
  #slotOf(digest: Digest): number {
    this.#soughtBytes.write(digest.slice(CANONICAL_ALGORITHM.length + 1), 'hex');
    const mask = this.#slots.length - 1;
    let slot = this.#hash(this.#sought, 0);
    for (let found = this.#slots[slot]!; found !== 0; found = this.#slots[slot]!) {
      if (this.#isSought(found - 1)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #isSought(number: number): boolean {
    const block = this.#blocks[Math.floor(number / BLOCK_LENGTH)]!;
    const start = (number % BLOCK_LENGTH) * WORDS;
    for (let word = 0; word < WORDS; word++) {
      if (block[start + word] !== this.#sought[word]) return false;
    }
    return true;
  }

  /** Takes the high bits of a sum of products, as many as the index has. */
  #hash(words: Uint32Array, start: number): number {
    let sum = 0;
    for (let word = 0; word < WORDS; word++) {
      sum = (sum + Math.imul(words[start + word]!, this.#multipliers[word]!)) | 0;
    }
    return sum >>> (Math.clz32(this.#slots.length) + 1);
  }

  #enlarge(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      if (this.#otherNames.has(number)) continue;
      const block = this.#blocks[Math.floor(number / BLOCK_LENGTH)]!;
      let slot = this.#hash(block, (number % BLOCK_LENGTH) * WORDS);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    }
  }
}

const CANONICAL = /^sha256:[0-9a-f]{64}$/;

function isCanonical(digest: Digest): boolean {
  return CANONICAL.test(digest);
}
