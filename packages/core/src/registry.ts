import type { BlobStore } from './blob.ts';
import type { ManifestService } from './manifest.ts';
import type { ListOptions } from './options.ts';
import type { ReferrerService } from './referrer.ts';
import type { RepositoryRemover } from './repository-remover.ts';
import type { RepositoryName } from './repository-name.ts';
import type { TagService } from './tag.ts';

/** A place of repositories: what distribution calls a namespace. */
export interface Registry {
  /** A view of one repository. It need not exist: a repository begins with its first upload. Costs no waiting. */
  repository(name: RepositoryName): Repository;

  /**
   * Lists the repositories that hold a manifest, component by component in byte order: `a`, `a/b`, `a-b`. One whose last
   * manifest is deleted is listed no more, whatever blobs it has.
   *
   * @see distribution, `GET /v2/_catalog`, which lists it for ever.
   */
  repositories(options?: ListOptions): AsyncIterable<RepositoryName>;
}

/** One repository. What it gives out may be kept as long as the repository itself. */
export interface Repository {
  readonly name: RepositoryName;
  readonly blobs: BlobStore;
  readonly manifests: ManifestService;
  readonly tags: TagService;
  readonly referrers: ReferrerService;
  /** Absent where whole repositories cannot be removed. */
  readonly remover?: RepositoryRemover | undefined;
}
