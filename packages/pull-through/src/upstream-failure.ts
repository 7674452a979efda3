import { RegistryError, type ErrorCode } from '@purser/core';

/**
 * Whether a failure says nothing about what the upstream holds, so that what was pulled before is still the best answer.
 * A refusal is an answer: what upstream denies or does not know is not served from here in its name.
 */
export function isOutage(error: unknown): boolean {
  return !RegistryError.is(
    error,
    'BLOB_UNKNOWN',
    'DENIED',
    'MANIFEST_UNKNOWN',
    'NAME_INVALID',
    'NAME_UNKNOWN',
    'UNAUTHORIZED',
    'UNSUPPORTED',
  );
}

/** What is the client's fault in a push, and upstream's in a pull. */
const WRONG_CONTENT: readonly ErrorCode[] = ['DIGEST_INVALID', 'MANIFEST_INVALID', 'SIZE_INVALID'];

/** A failure of an upstream as clients are told of it: what has no code was the network. */
export function upstreamFailure(error: unknown, upstream: string): RegistryError {
  if (RegistryError.is(error, ...WRONG_CONTENT)) {
    return new RegistryError('RESPONSE_INVALID', {
      message: `the upstream ${upstream} gave wrong content: ${error.message}`,
      detail: error.detail,
      cause: error,
    });
  }
  if (RegistryError.is(error)) return error;
  return new RegistryError('UNAVAILABLE', {
    message: `the upstream ${upstream} cannot be reached: try again later`,
    cause: error,
  });
}
