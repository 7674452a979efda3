import type {
  BlobDescriptorService,
  BlobStatter,
  Descriptor,
  Digest,
  OperationOptions,
} from '@purser/core';

/**
 * Asks a cache before it asks storage, and remembers what storage knew.
 *
 * What is not there is not remembered: it may be pushed at any moment.
 */
export function cachedStatter(cache: BlobDescriptorService, backend: BlobStatter): BlobStatter {
  return {
    async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
      const remembered = await cache.stat(digest, options);
      if (remembered !== undefined) return remembered;
      const found = await backend.stat(digest, options);
      if (found !== undefined) await cache.set(digest, found, options);
      return found;
    },
  };
}
