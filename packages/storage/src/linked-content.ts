import {
  algorithmOf,
  CANONICAL_ALGORITHM,
  isSupportedDigest,
  RegistryError,
  type BlobDescriptorService,
  type BlobStatter,
  type Descriptor,
  type Digest,
  type OperationOptions,
} from '@purser/core';
import type { GlobalBlobStore } from './blob-store.ts';
import { CachedStatter } from './cached-statter.ts';
import type { DamageReporter } from './damage.ts';
import type { Grants } from './garbage/grants.ts';
import type { Links } from './links.ts';

/** One set of links of a repository: its blobs, or its manifests. */
export interface LinkSet {
  /** Where the link of a digest is. */
  readonly linkPath: (digest: Digest) => string;
  /** Remembers what this set links; nothing else may use it. */
  readonly cache?: BlobDescriptorService | undefined;
}

export interface LinkedContentParts {
  readonly links: Links;
  readonly global: GlobalBlobStore;
  readonly grants: Grants;
  readonly report: DamageReporter;
}

export interface UseOptions extends OperationOptions {
  /** Whether a remembered link is not enough. Default `false`. */
  readonly verified?: boolean | undefined;
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
  readonly #grants: Grants;
  readonly #report: DamageReporter;
  readonly #cached: CachedStatter | undefined;

  constructor(linkSet: LinkSet, { links, global, grants, report }: LinkedContentParts) {
    this.#linkSet = linkSet;
    this.#links = links;
    this.#global = global;
    this.#grants = grants;
    this.#report = report;
    this.#cached =
      linkSet.cache &&
      new CachedStatter(linkSet.cache, {
        stat: (digest, options) => this.#statStored(digest, options),
        readLink: (digest, options) => this.resolve(digest, options),
        statContent: (digest, options) => global.stat(digest, options),
        remember: (descriptor) => global.remember(descriptor),
      });
  }

  /** Says what storage says now: a push may rely on it. What is remembered makes it faster, and nothing else. */
  async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    if (!isSupportedDigest(digest)) return undefined;
    const statter = this.#cached ?? { stat: this.#statStored.bind(this) };
    return this.granting(digest, () => statter.stat(digest, options), options);
  }

  /** Looks for content in a way that whoever is told of it can rely on, as far as garbage is concerned. */
  granting<T>(digest: Digest, look: () => Promise<T>, options?: OperationOptions): Promise<T> {
    const claimed = isCanonical(digest) ? digest : () => this.resolve(digest, options);
    return this.#grants.granting(claimed, look, options);
  }

  /** The digest under which the global store may be asked; `undefined` without a link. Does not look there. */
  async resolve(digest: Digest, options?: OperationOptions): Promise<Digest | undefined> {
    if (!isSupportedDigest(digest)) return undefined;
    const path = this.#linkSet.linkPath(digest);
    const target = await this.#links.read(path, options);
    if (target === undefined || target === digest || !isCanonical(digest)) return target;
    this.#report({ path, problem: 'link names other content' });
    return undefined;
  }

  /**
   * Hands the digest under which the global store may be asked to `use`, which reads the content. A remembered link is
   * believed, since `use` finds out: when it fails, the link is forgotten and read.
   *
   * @param use Fails with RegistryError `BLOB_UNKNOWN` when the content is not there. Gets the size, where remembered.
   * @returns What `use` gave; `undefined` without a link.
   */
  async use<T>(
    digest: Digest,
    use: (target: Digest, size?: number) => Promise<T>,
    { verified = false, signal }: UseOptions = {},
  ): Promise<T | undefined> {
    const known = verified ? undefined : await this.#remembered(digest, { signal });
    if (known !== undefined) {
      try {
        return await use(known.digest, known.size);
      } catch (error) {
        if (!RegistryError.is(error, 'BLOB_UNKNOWN')) throw error;
        await this.#linkSet.cache?.clear(digest);
      }
    }
    const target = await this.resolve(digest, { signal });
    return target === undefined ? undefined : use(target);
  }

  /** Forgets what is remembered of a link: its content was found to be damaged. */
  async forget(digest: Digest): Promise<void> {
    await this.#linkSet.cache?.clear(digest);
  }

  /**
   * Lets the repository read content by its sha256, and by the digest it was named by. Nothing is remembered: who asks
   * for it later does that.
   */
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
  }

  /**
   * Takes the right to read away, and says whether it was there. It is forgotten before, lest it be granted should the
   * rest fail, and after, since a reader may have remembered it between the two.
   */
  async unlink(digest: Digest, options?: OperationOptions): Promise<boolean> {
    if (!isSupportedDigest(digest)) return false;
    await this.#linkSet.cache?.clear(digest, options);
    try {
      return await this.#links.delete(this.#linkSet.linkPath(digest), options);
    } finally {
      // Also when it failed, and without the signal: the link may be gone, and then the last word must be said.
      await this.#linkSet.cache?.clear(digest);
    }
  }

  async #remembered(digest: Digest, options: OperationOptions): Promise<Descriptor | undefined> {
    if (!isSupportedDigest(digest)) return undefined;
    const known = await this.#linkSet.cache?.stat(digest, options);
    // Only the link of another algorithm names content by another digest: anything else is garbage.
    if (isCanonical(digest) && known?.digest !== digest) return undefined;
    return known;
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

function isCanonical(digest: Digest): boolean {
  return algorithmOf(digest) === CANONICAL_ALGORITHM;
}
