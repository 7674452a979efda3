import type { Digest, Manifest, Tag } from '@purser/core';
import type { ManifestOccurrence } from './listener.ts';

interface Push {
  readonly manifest: Manifest;
  /** Whether a listener has heard of it. */
  isTold: boolean;
  /** Tag calls under way. */
  tagging: number;
}

/** What calls to manifests and to tags of one request have to know of each other. */
export class RequestMemory {
  readonly #tell: (occurrence: ManifestOccurrence) => Promise<void>;
  readonly #resolved = new Map<Digest, Tag>();
  readonly #pushes = new Map<Digest, Push>();
  /** Whether a manifest was read in this request. */
  isOfManifest = false;

  constructor(tell: (occurrence: ManifestOccurrence) => Promise<void>) {
    this.#tell = tell;
  }

  /** The tag by which a digest was found. */
  tagOf(digest: Digest): Tag | undefined {
    return this.#resolved.get(digest);
  }

  resolved(tag: Tag, digest: Digest): void {
    this.#resolved.set(digest, tag);
  }

  /** A manifest was pushed by its digest: that is an event by itself. */
  async pushed(digest: Digest, manifest: Manifest): Promise<void> {
    this.#pushes.set(digest, { manifest, isTold: true, tagging: 0 });
    await this.#tell({ kind: 'manifest', action: 'push', manifest, digest });
  }

  /** A manifest was pushed, and its tag is about to follow. It is told without one if none does. */
  awaitTag(digest: Digest, manifest: Manifest): void {
    const push: Push = { manifest, isTold: false, tagging: 0 };
    this.#pushes.set(digest, push);
    setImmediate(() => {
      if (push.tagging === 0) void this.#tellUntagged(digest, push);
    });
  }

  /** Sets a tag, and tells of the push that it belongs to. */
  async tagging(tag: Tag, digest: Digest, set: () => Promise<void>): Promise<void> {
    const push = this.#pushes.get(digest);
    if (push === undefined) return set();
    push.tagging += 1;
    try {
      await set();
    } catch (error) {
      await this.#tellUntagged(digest, push);
      throw error;
    }
    push.isTold = true;
    await this.#tell({ kind: 'manifest', action: 'push', manifest: push.manifest, digest, tag });
  }

  async #tellUntagged(digest: Digest, push: Push): Promise<void> {
    if (push.isTold) return;
    push.isTold = true;
    await this.#tell({ kind: 'manifest', action: 'push', manifest: push.manifest, digest });
  }
}
