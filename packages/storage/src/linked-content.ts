import {
  isSupportedDigest,
  type BlobDescriptorService,
  type BlobStatter,
  type Descriptor,
  type Digest,
  type OperationOptions,
} from '@purser/core';
import type { GlobalBlobStore } from './blob-store.ts';
import { cachedStatter } from './cached-statter.ts';
import type { DamageReporter } from './damage.ts';
import type { Links } from './links.ts';

/** One set of links of a repository: its blobs, or its manifests. */
export interface LinkSet {
  /** Where the link of a digest is. */
  readonly linkPath: (digest: Digest) => string;
  /** Remembers what this set links; nothing else may use it. */
  readonly cache?: BlobDescriptorService | undefined;
}

/**
 * Which content of the global store a repository may read: what it has a link to.
 *
 * A link is named by the digest that was asked for and holds the sha256 of the content.
 */
export class LinkedContent implements BlobStatter {
  readonly #linkSet: LinkSet;
  readonly #links: Links;
  readonly #global: GlobalBlobStore;
  readonly #report: DamageReporter;
  readonly #statter: BlobStatter;

  constructor(
    linkSet: LinkSet,
    { links, global, report }: { links: Links; global: GlobalBlobStore; report: DamageReporter },
  ) {
    this.#linkSet = linkSet;
    this.#links = links;
    this.#global = global;
    this.#report = report;
    const backend: BlobStatter = { stat: (digest, options) => this.#statStored(digest, options) };
    this.#statter = linkSet.cache === undefined ? backend : cachedStatter(linkSet.cache, backend);
  }

  async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    return isSupportedDigest(digest) ? this.#statter.stat(digest, options) : undefined;
  }

  /** The digest under which the global store may be asked; `undefined` without a link. Does not look there. */
  async resolve(digest: Digest, options?: OperationOptions): Promise<Digest | undefined> {
    if (!isSupportedDigest(digest)) return undefined;
    return this.#links.read(this.#linkSet.linkPath(digest), options);
  }

  /** Lets the repository read content by its sha256, and by the digest it was named by. */
  async link(
    descriptor: Descriptor,
    name: Digest = descriptor.digest,
    options?: OperationOptions,
  ): Promise<void> {
    const names = new Set([descriptor.digest, name]);
    await Promise.all(
      [...names].map((digest) =>
        this.#links.write(this.#linkSet.linkPath(digest), descriptor.digest, options),
      ),
    );
    for (const digest of names) await this.#linkSet.cache?.set(digest, descriptor, options);
  }

  /** Takes the right to read away, and says whether it was there. The cache forgets first, lest it grant again. */
  async unlink(digest: Digest, options?: OperationOptions): Promise<boolean> {
    if (!isSupportedDigest(digest)) return false;
    await this.#linkSet.cache?.clear(digest, options);
    const found = await this.#links.delete(this.#linkSet.linkPath(digest), options);
    // A reader may have remembered it between the two.
    await this.#linkSet.cache?.clear(digest, options);
    return found;
  }

  async #statStored(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    const target = await this.resolve(digest, options);
    if (target === undefined) return undefined;
    const found = await this.#global.stat(target, options);
    if (found === undefined) {
      this.#report({ path: this.#linkSet.linkPath(digest), problem: 'linked content is missing' });
    }
    return found;
  }
}
