import { RegistryError } from '@purser/core';

/** The error for a document that cannot be read, or that two readers could read differently. */
export function invalid(reason: string, cause?: unknown): RegistryError {
  return new RegistryError('MANIFEST_INVALID', { message: reason, detail: { reason }, cause });
}

/** The error for a document that is not, or not properly, signed. */
export function unverified(reason: string, cause?: unknown): RegistryError {
  return new RegistryError('MANIFEST_UNVERIFIED', { message: reason, detail: { reason }, cause });
}
