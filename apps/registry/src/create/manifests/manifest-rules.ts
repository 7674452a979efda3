import type { Manifest, ManifestService, Repository, RepositoryName } from '@purser/core';

/**
 * What an operator demands of manifests that clients push, beyond their format.
 *
 * @throws RegistryError `MANIFEST_INVALID`, `DENIED`.
 */
export type ManifestRule = (manifest: Manifest, name: RepositoryName) => void;

/** Wraps a repository so that only manifests are put that keep every rule. */
export function withManifestRules(
  repository: Repository,
  rules: readonly ManifestRule[],
): Repository {
  if (rules.length === 0) return repository;
  const { name, blobs, manifests, tags, referrers, remover } = repository;
  const ruled: ManifestService = {
    exists: (digest, options) => manifests.exists(digest, options),
    get: (digest, options) => manifests.get(digest, options),
    delete: (digest, options) => manifests.delete(digest, options),
    async put(manifest, options) {
      for (const rule of rules) rule(manifest, name);
      return manifests.put(manifest, options);
    },
  };
  return { name, blobs, manifests: ruled, tags, referrers, remover };
}
