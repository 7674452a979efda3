import type { Digest } from '@purser/core';

/** Content that was read to its end and proved to be what its digest says: so much of it as is remembered. */
export class VerifiedContent {
  readonly #digests = new Set<Digest>();
  readonly #maximumEntries: number;

  constructor(maximumEntries: number) {
    this.#maximumEntries = maximumEntries;
  }

  has(digest: Digest): boolean {
    if (!this.#digests.delete(digest)) return false;
    // The last in the set is the one asked for last.
    this.#digests.add(digest);
    return true;
  }

  add(digest: Digest): void {
    this.#digests.add(digest);
    for (const oldest of this.#digests) {
      if (this.#digests.size <= this.#maximumEntries) break;
      this.#digests.delete(oldest);
    }
  }

  forget(digest: Digest): void {
    this.#digests.delete(digest);
  }
}
