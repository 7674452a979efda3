import { RegistryError } from '@purser/core';

/** What the operator allows. */
export interface Policy {
  readonly deletion: boolean;
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
