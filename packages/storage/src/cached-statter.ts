import type {
  BlobDescriptorService,
  BlobStatter,
  Descriptor,
  Digest,
  OperationOptions,
} from '@purser/core';

/** What storage knows of the content that one repository links. */
export interface StoredLinks {
  /** Reads the link, then looks whether the content is there. */
  stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined>;
  /** The digest in a link. */
  readLink(digest: Digest, options?: OperationOptions): Promise<Digest | undefined>;
  /** Looks whether content is there, whoever may read it. */
  statContent(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined>;
  /** Remembers content, whoever may read it. */
  remember(descriptor: Descriptor): Promise<void>;
}

/**
 * Asks storage, and remembers what it said.
 *
 * What is remembered is never the answer, for a push relies on it. It tells which content a link names, so that the
 * link and the content are looked at together and not one after the other. What is not there is not remembered: it may
 * be pushed at any moment.
 */
export class CachedStatter implements BlobStatter {
  readonly #cache: BlobDescriptorService;
  readonly #stored: StoredLinks;

  constructor(cache: BlobDescriptorService, stored: StoredLinks) {
    this.#cache = cache;
    this.#stored = stored;
  }

  async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    const known = await this.#cache.stat(digest, options);
    if (known !== undefined) {
      const [target, found] = await Promise.all([
        this.#stored.readLink(digest, options),
        this.#stored.statContent(known.digest, options),
      ]);
      if (target === known.digest && found?.size === known.size) return found;
      await this.#cache.clear(digest);
    }
    const found = await this.#stored.stat(digest, options);
    if (found !== undefined) await this.#remember(digest, found);
    return found;
  }

  /**
   * Whoever deletes clears, unlinks, and clears again. What is set before the last of these is cleared by it; what is
   * set after it is set after the unlinking, so that the link, read again after the setting, is gone. The signal is
   * left out: a caller that goes must not leave an entry that no one has checked.
   */
  async #remember(digest: Digest, found: Descriptor): Promise<void> {
    await Promise.all([this.#cache.set(digest, found), this.#stored.remember(found)]);
    const target = await this.#stored.readLink(digest).catch(() => undefined);
    if (target !== found.digest) await this.#cache.clear(digest);
  }
}
