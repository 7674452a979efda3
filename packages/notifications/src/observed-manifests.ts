import type {
  Digest,
  GetManifestOptions,
  ListOptions,
  Manifest,
  ManifestService,
  OperationOptions,
  PutManifestOptions,
  Tag,
  TagOptions,
  TagService,
} from '@purser/core';
import type { Occurrence } from './listener.ts';
import type { RequestMemory } from './request-memory.ts';

export interface ObservedOptions {
  readonly tell: (occurrence: Occurrence) => Promise<void>;
  readonly memory: RequestMemory;
}

export class ObservedManifests implements ManifestService {
  readonly #manifests: ManifestService;
  readonly #tags: TagService;
  readonly #options: ObservedOptions;

  constructor(manifests: ManifestService, tags: TagService, options: ObservedOptions) {
    this.#manifests = manifests;
    this.#tags = tags;
    this.#options = options;
  }

  exists(digest: Digest, options?: OperationOptions): Promise<boolean> {
    return this.#manifests.exists(digest, options);
  }

  async get(digest: Digest, options?: GetManifestOptions): Promise<Manifest> {
    const { tell, memory } = this.#options;
    memory.isOfManifest = true;
    const manifest = await this.#manifests.get(digest, options);
    const tag = memory.tagOf(digest);
    await tell({ kind: 'manifest', action: 'pull', manifest, digest, tag });
    return manifest;
  }

  async put(manifest: Manifest, options: PutManifestOptions = {}): Promise<Digest> {
    const { memory } = this.#options;
    const digest = await this.#manifests.put(manifest, options);
    if (options.digest === undefined) memory.awaitTag(digest, manifest);
    else await memory.pushed(digest, manifest);
    return digest;
  }

  async delete(digest: Digest, options?: OperationOptions): Promise<void> {
    const { tell } = this.#options;
    const tags = await this.#tagsOf(digest, options);
    try {
      await this.#manifests.delete(digest, options);
    } catch (error) {
      await this.#tellRemoved(tags, digest);
      throw error;
    }
    await tell({ kind: 'manifest', action: 'delete', digest });
    for (const tag of tags) await tell({ kind: 'tag', action: 'delete', tag });
  }

  /** Tells of the tags that a deletion removed before it failed. They go in their order, so that the first ones are gone. */
  async #tellRemoved(tags: readonly Tag[], digest: Digest): Promise<void> {
    for (const tag of tags) {
      const named = await this.#tags.get(tag);
      if (named === digest) return;
      if (named === undefined) await this.#options.tell({ kind: 'tag', action: 'delete', tag });
    }
  }

  /** Asked before the deletion: afterwards nobody knows. */
  async #tagsOf(digest: Digest, options?: OperationOptions): Promise<readonly Tag[]> {
    const tags: Tag[] = [];
    try {
      for await (const tag of this.#tags.lookup(digest, options)) tags.push(tag);
    } catch {
      // The deletion asks the same, and says what is wrong.
    }
    return tags;
  }
}

export class ObservedTags implements TagService {
  readonly #tags: TagService;
  readonly #options: ObservedOptions;

  constructor(tags: TagService, options: ObservedOptions) {
    this.#tags = tags;
    this.#options = options;
  }

  async get(tag: Tag, options?: OperationOptions): Promise<Digest | undefined> {
    const digest = await this.#tags.get(tag, options);
    if (digest !== undefined) this.#options.memory.resolved(tag, digest);
    return digest;
  }

  tag(tag: Tag, digest: Digest, options?: TagOptions): Promise<void> {
    const { memory } = this.#options;
    return memory.tagging(tag, digest, () => this.#tags.tag(tag, digest, options));
  }

  async untag(tag: Tag, options?: OperationOptions): Promise<void> {
    await this.#tags.untag(tag, options);
    await this.#options.tell({ kind: 'tag', action: 'delete', tag });
  }

  list(options?: ListOptions): AsyncIterable<Tag> {
    return this.#tags.list(options);
  }

  lookup(digest: Digest, options?: OperationOptions): AsyncIterable<Tag> {
    return this.#tags.lookup(digest, options);
  }
}
