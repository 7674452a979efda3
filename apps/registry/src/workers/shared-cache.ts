import type {
  BlobDescriptorCache,
  BlobDescriptorService,
  Digest,
  RepositoryName,
} from '@purser/core';
import type { Peer } from './peer.ts';

/** What is forgotten: of the global store, or of one repository. */
interface Forgotten {
  readonly digest: Digest;
  readonly repository?: RepositoryName | undefined;
  readonly links?: 'blobs' | 'manifests' | undefined;
}

/**
 * Lets a cache of this process forget what others delete, and others what this one does: `clear` returns when every worker
 * has forgotten. So the rule of a cache that all share holds for one in each of them.
 */
export function shareCache(cache: BlobDescriptorCache, primary: Peer): BlobDescriptorCache {
  primary.handle('forget', (value) => {
    const { repository, links, digest } = value as Forgotten;
    const isGlobal = repository === undefined || links === undefined;
    const service = isGlobal ? cache.global : cache.forRepository(repository, links);
    return service.clear(digest);
  });
  const share = (
    service: BlobDescriptorService,
    scope: Omit<Forgotten, 'digest'>,
  ): BlobDescriptorService => ({
    stat: (digest, options) => service.stat(digest, options),
    set: (digest, descriptor, options) => service.set(digest, descriptor, options),
    async clear(digest, options) {
      await service.clear(digest, options);
      await primary.call('forget', { ...scope, digest });
    },
  });
  return {
    global: share(cache.global, {}),
    forRepository: (repository, links) =>
      share(cache.forRepository(repository, links), { repository, links }),
  };
}
