import {
  canonicalBytes,
  contentMismatch,
  digestOf,
  supportedAlgorithmOf,
  type Digest,
  type Manifest,
  type OperationOptions,
  type Repository,
} from '@purser/core';

/**
 * Gets a manifest that is what its digest says, whatever the repository gives.
 *
 * @throws RegistryError `DIGEST_INVALID` when it is not; what the repository fails with.
 */
export async function readManifest(
  { manifests }: Repository,
  digest: Digest,
  options?: OperationOptions,
): Promise<Manifest> {
  const manifest = await manifests.get(digest, options);
  const actual = digestOf(canonicalBytes(manifest), supportedAlgorithmOf(digest));
  if (actual !== digest) throw contentMismatch(digest);
  return manifest;
}
