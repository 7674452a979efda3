import type { BlobStatter } from './blob.ts';
import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { OperationOptions } from './options.ts';
import type { RepositoryName } from './repository-name.ts';

/**
 * Remembers descriptors. It is asked before storage is, and never grants what storage would refuse: whoever removes
 * a blob clears it here first.
 *
 * `stat` gives `undefined` for what it does not remember. It may forget at any time.
 */
export interface BlobDescriptorService extends BlobStatter {
  /** Remembers a descriptor under the digest it was asked by, which may differ from `descriptor.digest`. */
  set(digest: Digest, descriptor: Descriptor, options?: OperationOptions): Promise<void>;

  /** Forgets; forgetting what is not remembered does nothing. A failure must reach the caller. */
  clear(digest: Digest, options?: OperationOptions): Promise<void>;
}

/** Gives out descriptor services of which each knows nothing of the others. */
export interface BlobDescriptorCache {
  /**
   * For what one repository links.
   *
   * @param links Blobs and manifests are remembered apart: a manifest is no blob of its repository.
   */
  forRepository(name: RepositoryName, links: 'blobs' | 'manifests'): BlobDescriptorService;
}
