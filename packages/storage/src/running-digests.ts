import { CANONICAL_ALGORITHM } from '@purser/core';
import { ContentDigester } from './content-digester.ts';

/** Each takes 1.5 KiB, with two algorithms. The content of a forgotten upload is read again at commit. */
const MAXIMUM_REMEMBERED = 5_000;

/** The running digests of uploads that nobody holds at the moment, in this process. */
export class RunningDigests {
  readonly #digesters = new Map<string, ContentDigester>();

  /** Number of uploads that are kept. */
  get size(): number {
    return this.#digesters.size;
  }

  /** Hands over the digester of an upload that has received exactly `size` bytes; a new one for an empty upload. */
  take(id: string, size: number): ContentDigester | undefined {
    const digester = this.#digesters.get(id);
    this.#digesters.delete(id);
    if (digester?.size === size) return digester;
    return size === 0 ? new ContentDigester() : undefined;
  }

  /** Keeps a digester, except for one that `take` would make: an upload that is only begun costs nothing. */
  keep(id: string, digester: ContentDigester): void {
    this.#digesters.delete(id);
    if (digester.size === 0 && digester.announced === CANONICAL_ALGORITHM) return;
    this.#digesters.set(id, digester);
    const [oldest] = this.#digesters.keys();
    if (this.#digesters.size > MAXIMUM_REMEMBERED && oldest !== undefined) {
      this.#digesters.delete(oldest);
    }
  }
}
