import type { Digest } from '@purser/core';
import { RegistryClientError } from './transport/registry-client-error.ts';

/** The error for an answer that breaks the API. */
export function invalidResponse(message: string, cause?: unknown): RegistryClientError {
  return new RegistryClientError('RESPONSE_INVALID', { message, cause });
}

/** The error for something of a registry that its digest does not name. */
export function wrongDigest(expected: Digest, what: string): RegistryClientError {
  return new RegistryClientError('DIGEST_INVALID', {
    message: `${what} is not what ${expected} names`,
    detail: { digest: expected },
  });
}
