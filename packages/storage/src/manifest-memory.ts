import type { Digest, Manifest } from '@purser/core';

/** Decoded manifests by their sha256: what a digest names never changes. Whether it may be read is asked elsewhere. */
export class ManifestMemory {
  readonly #manifests = new Map<Digest, Manifest>();
  readonly #maximumBytes: number;
  #bytes = 0;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  get(digest: Digest): Manifest | undefined {
    const manifest = this.#manifests.get(digest);
    if (manifest === undefined) return undefined;
    // The last in the map is the one used last.
    this.#manifests.delete(digest);
    this.#manifests.set(digest, manifest);
    return manifest;
  }

  set(digest: Digest, manifest: Manifest): void {
    this.#forget(digest);
    this.#manifests.set(digest, manifest);
    this.#bytes += manifest.payload.byteLength;
    for (const oldest of this.#manifests.keys()) {
      if (this.#bytes <= this.#maximumBytes) break;
      this.#forget(oldest);
    }
  }

  #forget(digest: Digest): void {
    const manifest = this.#manifests.get(digest);
    if (manifest === undefined) return;
    this.#manifests.delete(digest);
    this.#bytes -= manifest.payload.byteLength;
  }
}
