import type { BlobStore } from './blob.ts';
import type { ManifestService } from './manifest.ts';
import type { ListOptions } from './options.ts';
import type { ReferrerService } from './referrer.ts';
import type { RepositoryName } from './repository-name.ts';
import type { TagService } from './tag.ts';

/** A place of repositories: what distribution calls a namespace. */
export interface Registry {
  /** A view of one repository. It need not exist: a repository begins with its first upload. Costs no waiting. */
  repository(name: RepositoryName): Repository;

  /**
   * Lists the repositories that have held a manifest, component by component in byte order: `a`, `a/b`, `a-b`.
   *
   * @see distribution, `GET /v2/_catalog`.
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
}
