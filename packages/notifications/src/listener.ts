import type { Descriptor, Digest, Manifest, RepositoryName, Tag } from '@purser/core';

/** Something that a call to a repository has brought about. */
export type Occurrence = BlobOccurrence | ManifestOccurrence | RepositoryOccurrence | TagOccurrence;

export type BlobOccurrence =
  | { readonly kind: 'blob'; readonly action: 'pull' | 'push'; readonly descriptor: Descriptor }
  | {
      readonly kind: 'blob';
      readonly action: 'mount';
      readonly descriptor: Descriptor;
      /** `undefined` when the client named no source. */
      readonly from: RepositoryName | undefined;
    }
  | { readonly kind: 'blob'; readonly action: 'delete'; readonly digest: Digest };

export type ManifestOccurrence =
  | {
      readonly kind: 'manifest';
      readonly action: 'pull' | 'push';
      readonly manifest: Manifest;
      /** The one it was pushed or pulled by. */
      readonly digest: Digest;
      /** The tag that named it in the request. */
      readonly tag?: Tag | undefined;
    }
  | { readonly kind: 'manifest'; readonly action: 'delete'; readonly digest: Digest };

export interface TagOccurrence {
  readonly kind: 'tag';
  readonly action: 'delete';
  readonly tag: Tag;
}

/** All of a repository is gone. What was in it is not told one by one. */
export interface RepositoryOccurrence {
  readonly kind: 'repository';
  readonly action: 'delete';
}

/**
 * Hears of what happened in a repository, after it did. The call that brought it about waits for the promise, which
 * must not reject: what has happened cannot be taken back.
 */
export type RepositoryListener = (name: RepositoryName, occurrence: Occurrence) => Promise<void>;
