import type { Digest, RepositoryName } from '@purser/core';

/**
 * Where everything is, exactly as distribution lays it out, so that both can use one Redis.
 *
 *     blobs::<digest>                      hash  digest, size, mediatype: what the global store holds
 *     repository::<name>::blobs            set   digests that the repository links, blobs and manifests in one
 *     repository::<name>::blobs::<digest>  hash  mediatype, and `purser`, which is ours: distribution does not ask for it
 *
 * @see distribution, registry/storage/cache/redis/redis.go.
 */
export function globalKey(digest: Digest): string {
  return `blobs::${digest}`;
}

export function membersKey(name: RepositoryName): string {
  return `repository::${name}::blobs`;
}

export function linkKey(name: RepositoryName, digest: Digest): string {
  return `repository::${name}::blobs::${digest}`;
}

/** The fields of a global entry. */
export const GLOBAL_FIELDS = ['digest', 'size', 'mediatype'] as const;

/** Makes an entry of a repository one that distribution takes for known. */
export const MEDIA_TYPE_FIELD = 'mediatype';

/** Holds what `link-entry.ts` writes. */
export const LINK_FIELD = 'purser';
