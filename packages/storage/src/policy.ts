import { RegistryError, type ManifestReference } from '@purser/core';

/** What the operator allows. */
export interface Policy {
  readonly deletion: boolean;
  readonly references: ReferencePolicy;
}

/** Which of the things that a manifest refers to must be there when it is pushed. */
export interface ReferencePolicy {
  /** Config and layers. Default `all`. */
  readonly blobs?: 'all' | 'none' | undefined;
  /** Members of an index: all, none, or those of these platforms. Default `all`. */
  readonly manifests?: 'all' | 'none' | readonly RequiredPlatform[] | undefined;
}

export interface RequiredPlatform {
  readonly architecture: string;
  readonly os: string;
}

/** Whether a manifest may only be pushed after what this reference names. Foreign content may always be missing. */
export function isRequired(
  { kind, foreign, descriptor }: ManifestReference,
  { blobs = 'all', manifests = 'all' }: ReferencePolicy,
): boolean {
  if (foreign) return false;
  const required = kind === 'blob' ? blobs : manifests;
  if (typeof required === 'string') return required === 'all';
  const { platform } = descriptor;
  return required.some(
    ({ architecture, os }) => platform?.architecture === architecture && platform.os === os,
  );
}

/**
 * The one place that decides whether blobs, manifests and tags may be deleted.
 *
 * @throws RegistryError `UNSUPPORTED`.
 */
export function requireDeletion({ deletion }: Policy): void {
  if (deletion) return;
  throw new RegistryError('UNSUPPORTED', {
    message: 'deletion is switched off: the operator may enable storage.delete.enabled',
  });
}
