import type { RepositoryName } from '@purser/core';
import type { ReferencePolicy } from '@purser/storage';
import type { Config } from '../../config/schema.ts';

/** A cache holds the parts of an image that clients have pulled: one platform of many, a manifest before its layers. */
const NONE = { blobs: 'none', manifests: 'none' } as const satisfies ReferencePolicy;

/**
 * The references that must be present in a repository for it to be whole: those that a push requires, and none in a repository
 * that is pulled through.
 */
export function requiredReferences({
  proxy,
  validation,
}: Pick<Config, 'proxy' | 'validation'>): (repository: RepositoryName) => ReferencePolicy {
  return (repository) => {
    const isPulled =
      proxy.remoteurl !== undefined ||
      proxy.upstreams.some(({ prefix }) => repository.startsWith(`${prefix}/`));
    return isPulled ? NONE : validation;
  };
}
