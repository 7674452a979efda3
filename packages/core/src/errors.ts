import './check-runtime.ts';

/**
 * Every failure that a caller of a Purser package can act on, with its default message.
 *
 * The first group has the names of the OCI distribution-spec, section "Error Codes". The second is finer than that
 * table; the HTTP layer renders each of its members under a code of the first.
 */
export const ERROR_MESSAGES = {
  BLOB_UNKNOWN: 'blob unknown to registry',
  BLOB_UPLOAD_INVALID: 'blob upload invalid',
  BLOB_UPLOAD_UNKNOWN: 'blob upload unknown to registry',
  DENIED: 'requested access to the resource is denied',
  DIGEST_INVALID: 'provided digest did not match uploaded content',
  MANIFEST_BLOB_UNKNOWN: 'manifest references a manifest or blob unknown to registry',
  MANIFEST_INVALID: 'manifest invalid',
  MANIFEST_UNKNOWN: 'manifest unknown to registry',
  NAME_INVALID: 'invalid repository name',
  NAME_UNKNOWN: 'repository name not known to registry',
  SIZE_INVALID: 'provided length did not match content length',
  TOOMANYREQUESTS: 'too many requests',
  UNAUTHORIZED: 'authentication required',
  UNSUPPORTED: 'the operation is unsupported',

  HEADERS_TOO_LARGE: 'the headers of the request are too many or too large',
  MANIFEST_TOO_LARGE: 'manifest exceeds the size limit',
  MANIFEST_UNVERIFIED: 'manifest failed signature verification',
  PARAMETER_INVALID: 'invalid request parameter',
  PRECONDITION_FAILED: 'precondition failed',
  RANGE_UNSATISFIABLE: 'requested range lies outside the blob',
  RESPONSE_INVALID: 'the other registry answered what the API does not allow',
  ROUTE_UNKNOWN: 'no such endpoint',
  REQUEST_MALFORMED: 'the request is not HTTP as the registry understands it',
  REQUEST_TIMEOUT: 'the request took too long to arrive',
  REQUEST_TOO_LONG: 'the request asks for too much at once',
  STORAGE_FULL: 'no space left to store content',
  UNAVAILABLE: 'service unavailable',
  UNKNOWN: 'unknown error',
  UPLOAD_OUT_OF_ORDER: 'content does not start where the upload ends',
} as const;

export type ErrorCode = keyof typeof ERROR_MESSAGES;

export interface RegistryErrorOptions {
  /** What went wrong with which thing; the table's message when absent. */
  readonly message?: string | undefined;
  /** Data for the client: any JSON value. Never a secret, never a path of the server. */
  readonly detail?: unknown;
  readonly cause?: unknown;
  /** When it is worth trying again, in seconds from now. */
  readonly retryAfterSeconds?: number | undefined;
  /** Further failures of the same call, such as the other missing blobs of one manifest. */
  readonly related?: readonly RegistryError[];
}

const brand = Symbol.for('@purser/core/RegistryError');

/** A failure the caller can act on. Programming mistakes stay plain `TypeError`s. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly [brand] = true;
  readonly code: ErrorCode;
  readonly detail: unknown;
  readonly retryAfterSeconds: number | undefined;
  readonly related: readonly RegistryError[];

  constructor(code: ErrorCode, options: RegistryErrorOptions = {}) {
    super(
      options.message ?? ERROR_MESSAGES[code],
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.detail = options.detail;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.related = options.related ?? [];
  }

  /** True for the error of any copy of this package; with codes, only when it has one of them. */
  static is(error: unknown, ...codes: readonly ErrorCode[]): error is RegistryError {
    if (!(error instanceof Error) || !(brand in error)) return false;
    return codes.length === 0 || codes.includes((error as RegistryError).code);
  }
}
