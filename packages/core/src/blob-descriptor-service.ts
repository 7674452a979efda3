import type { BlobStatter } from './blob.ts';
import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { OperationOptions } from './options.ts';
import type { RepositoryName } from './repository-name.ts';

/**
 * Remembers descriptors. What it says was true once: who believes it without looking must be about to find out, and
 * whoever removes a thing clears it here before and after.
 *
 * `stat` gives `undefined` for what it does not remember. It may forget anything at any time. Once `clear` has
 * returned, `stat` gives nothing that was set before; a `set` that failed may still take effect.
 */
export interface BlobDescriptorService extends BlobStatter {
  /**
   * Remembers the digest, the size and the media type of a descriptor under the digest it was asked by. That may be
   * another than `descriptor.digest`, under which the content is kept. Replaces what was remembered by it.
   *
   * @throws TypeError when the descriptor's size is no safe integer of 0 or more.
   */
  set(digest: Digest, descriptor: Descriptor, options?: OperationOptions): Promise<void>;

  /** Forgets; forgetting what is not remembered does nothing. A failure must reach the caller. */
  clear(digest: Digest, options?: OperationOptions): Promise<void>;
}

/** Gives out descriptor services of which none answers for another. */
export interface BlobDescriptorCache {
  /** What the global store holds, by its canonical digest. It says nothing of who may read it. */
  readonly global: BlobDescriptorService;

  /**
   * What one repository links, by the digest of the link: this is knowledge of the right to read.
   *
   * @param links Blobs and manifests are remembered apart: a manifest is no blob of its repository.
   */
  forRepository(name: RepositoryName, links: 'blobs' | 'manifests'): BlobDescriptorService;
}
