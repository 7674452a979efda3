import {
  digestOf,
  encodedOf,
  isSupportedDigest,
  type Digest,
  type RepositoryName,
  type Tag,
} from '@purser/core';

/**
 * Where everything is, exactly as distribution lays it out. `R` stands for `/docker/registry/v2/repositories/<name>`.
 *
 *     /docker/registry/v2/blobs/sha256/<ab>/<abcd…>/data     the bytes of every blob and manifest, once
 *     R/_layers/<algorithm>/<hex>/link                       the repository may read this blob
 *     R/_manifests/revisions/<algorithm>/<hex>/link          the repository may read this manifest
 *     R/_manifests/revisions/…/signatures/sha256/<hex>/link  a signature of this manifest, of schema 1 alone
 *     R/_manifests/tags/<tag>/current/link                   what a tag names now
 *     R/_manifests/tags/<tag>/index/<algorithm>/<hex>/link   what it has ever named
 *     R/_uploads/<id>/startedat                              an upload session, with the time it began
 *     R/_uploads/<id>/data                                   what it received
 *     R/_uploads/<id>/received                               the digest of that: ours, distribution ignores it
 *     R/_referrers/<algorithm>/<hex>/<algorithm>-<hex>       what refers to a manifest: ours, distribution ignores it
 *     R/_referrers/complete                                  all manifests have been looked at for subjects: ours
 *
 * A link is a file whose content is a digest in text. A name's components never begin with `_`.
 *
 * @see distribution, registry/storage/paths.go.
 */
const ROOT = '/docker/registry/v2';

export const REPOSITORIES = `${ROOT}/repositories`;
export const BLOBS = `${ROOT}/blobs`;

/** Where a repair puts what is broken, below the path that it had. Ours; distribution does not look there. */
export const QUARANTINE = '/purser/quarantine';

export function blobDataPath(digest: Digest): string {
  const { algorithm, encoded } = parts(digest);
  return `${ROOT}/blobs/${algorithm}/${encoded.slice(0, 2)}/${encoded}/data`;
}

export function repositoryPath(name: RepositoryName): string {
  return `${REPOSITORIES}/${name}`;
}

export function layersPath(name: RepositoryName): string {
  return `${repositoryPath(name)}/_layers`;
}

export function layerLinkPath(name: RepositoryName, digest: Digest): string {
  return `${layersPath(name)}/${linkName(digest)}`;
}

/** The directory that makes a repository one of the catalog. */
export function manifestsPath(repository: string): string {
  return `${repository}/_manifests`;
}

export function revisionLinkPath(name: RepositoryName, digest: Digest): string {
  return `${revisionsPath(name)}/${linkName(digest)}`;
}

/** The directory of the signatures of one manifest. Signatures are named by their sha256. */
export function signaturesPath(name: RepositoryName, revision: Digest): string {
  const { algorithm, encoded } = parts(revision);
  return `${revisionsPath(name)}/${algorithm}/${encoded}/signatures/sha256`;
}

export function signatureLinkPath(
  name: RepositoryName,
  revision: Digest,
  signature: Digest,
): string {
  return `${signaturesPath(name, revision)}/${encodedOf(signature)}/link`;
}

/** The directory of all revision links. */
export function revisionsPath(name: RepositoryName): string {
  return `${manifestsPath(repositoryPath(name))}/revisions`;
}

/** A subject whose digest cannot be computed may have characters that no path has: it is filed by the sha256 of its name. */
export function referrersPath(name: RepositoryName, subject: Digest): string {
  const filed = isSupportedDigest(subject) ? subject : digestOf(Buffer.from(subject));
  const { algorithm, encoded } = parts(filed);
  const group = filed === subject ? algorithm : 'other';
  return `${repositoryPath(name)}/_referrers/${group}/${encoded}`;
}

/** The entry of one referrer. */
export function referrerPath(name: RepositoryName, subject: Digest, referrer: Digest): string {
  return `${referrersPath(name, subject)}/${referrer.replace(':', '-')}`;
}

export function referrersRootPath(name: RepositoryName): string {
  return `${repositoryPath(name)}/_referrers`;
}

export function referrersCompletePath(name: RepositoryName): string {
  return `${referrersRootPath(name)}/complete`;
}

export function tagsPath(name: RepositoryName): string {
  return `${manifestsPath(repositoryPath(name))}/tags`;
}

export function tagPath(name: RepositoryName, tag: Tag): string {
  return `${tagsPath(name)}/${tag}`;
}

export function tagCurrentPath(name: RepositoryName, tag: Tag): string {
  return `${tagPath(name, tag)}/current/link`;
}

export function tagIndexPath(name: RepositoryName, tag: Tag, digest: Digest): string {
  return `${tagPath(name, tag)}/index/${linkName(digest)}`;
}

export function uploadsPath(name: RepositoryName): string {
  return `${repositoryPath(name)}/_uploads`;
}

export function uploadPaths(name: RepositoryName, id: string) {
  const directory = `${uploadsPath(name)}/${id}`;
  return {
    directory,
    startedAt: `${directory}/startedat`,
    data: `${directory}/data`,
    received: `${directory}/received`,
  };
}

/** Where processes that share a store agree on work that is done from time to time. Ours; distribution does not look there. */
export function taskPath(name: string): string {
  return `/purser/tasks/${name}`;
}

export type UploadPaths = ReturnType<typeof uploadPaths>;

function linkName(digest: Digest): string {
  const { algorithm, encoded } = parts(digest);
  return `${algorithm}/${encoded}/link`;
}

function parts(digest: Digest): { algorithm: string; encoded: string } {
  return { algorithm: digest.slice(0, digest.indexOf(':')), encoded: encodedOf(digest) };
}
