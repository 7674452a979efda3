import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { ListOptions } from './options.ts';

export interface ListReferrersOptions extends ListOptions {
  /** Only referrers of this artifact type. */
  readonly artifactType?: string | undefined;
}

/** What the manifests of one repository say about others: signatures, attestations, documents. */
export interface ReferrerService {
  /**
   * Lists the manifests of this repository whose `subject` is a digest, by the byte order of their own digests. The
   * subject need not be here, nor have ever been; when nothing refers to it the list is empty.
   *
   * Each descriptor has the `artifactType` and `annotations` of the manifest itself; an image without an artifact type
   * has the media type of its config, an index without one has none.
   *
   * @param options.after The digest after which to go on.
   * @see OCI distribution-spec, end-12.
   */
  list(subject: Digest, options?: ListReferrersOptions): AsyncIterable<Descriptor>;
}
