import { ContentDigester } from './content-digester.ts';

/** How many uploads are remembered; each costs under 1 KiB. One that is forgotten is hashed again at commit. */
const MAXIMUM_REMEMBERED = 10_000;

/** The running digests of uploads that nobody holds at the moment, in this process. */
export class RunningDigests {
  readonly #digesters = new Map<string, ContentDigester>();

  /** Hands over the digester of an upload that has taken in exactly `size` bytes; a new one for an empty upload. */
  take(id: string, size: number): ContentDigester | undefined {
    const digester = this.#digesters.get(id);
    this.#digesters.delete(id);
    if (digester?.size === size) return digester;
    return size === 0 ? new ContentDigester() : undefined;
  }

  keep(id: string, digester: ContentDigester): void {
    this.#digesters.set(id, digester);
    const [oldest] = this.#digesters.keys();
    if (this.#digesters.size > MAXIMUM_REMEMBERED && oldest !== undefined) {
      this.#digesters.delete(oldest);
    }
  }
}
