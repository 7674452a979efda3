import { RegistryError, type ErrorCode } from '@purser/core';
import type { Context } from 'koa';

interface Rendering {
  readonly status: number;
  /** A code of the OCI table; below 500 there is one other. */
  readonly code: ErrorCode;
  readonly retryAfterSeconds?: number;
}

const RETRY_AFTER_SECONDS = 5;

/**
 * How each failure reaches the client. The only place that knows the status of an error.
 *
 * @see OCI distribution-spec, "Error Codes".
 */
const RENDERINGS: Readonly<Record<ErrorCode, Rendering>> = {
  BLOB_UNKNOWN: { status: 404, code: 'BLOB_UNKNOWN' },
  BLOB_UPLOAD_INVALID: { status: 400, code: 'BLOB_UPLOAD_INVALID' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' },
  DENIED: { status: 403, code: 'DENIED' },
  DIGEST_INVALID: { status: 400, code: 'DIGEST_INVALID' },
  MANIFEST_BLOB_UNKNOWN: { status: 400, code: 'MANIFEST_BLOB_UNKNOWN' },
  MANIFEST_INVALID: { status: 400, code: 'MANIFEST_INVALID' },
  MANIFEST_TOO_LARGE: { status: 413, code: 'MANIFEST_INVALID' },
  // Outside the OCI table, and only for schema 1, whose clients know it.
  MANIFEST_UNVERIFIED: { status: 400, code: 'MANIFEST_UNVERIFIED' },
  MANIFEST_UNKNOWN: { status: 404, code: 'MANIFEST_UNKNOWN' },
  NAME_INVALID: { status: 400, code: 'NAME_INVALID' },
  NAME_UNKNOWN: { status: 404, code: 'NAME_UNKNOWN' },
  PARAMETER_INVALID: { status: 400, code: 'UNSUPPORTED' },
  PRECONDITION_FAILED: { status: 412, code: 'UNSUPPORTED' },
  RANGE_UNSATISFIABLE: { status: 416, code: 'UNSUPPORTED' },
  REQUEST_TOO_LONG: { status: 414, code: 'UNSUPPORTED' },
  RESPONSE_INVALID: { status: 502, code: 'UNKNOWN' },
  ROUTE_UNKNOWN: { status: 404, code: 'UNSUPPORTED' },
  SIZE_INVALID: { status: 400, code: 'SIZE_INVALID' },
  STORAGE_FULL: { status: 507, code: 'UNAVAILABLE' },
  TOOMANYREQUESTS: {
    status: 429,
    code: 'TOOMANYREQUESTS',
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  },
  UNAUTHORIZED: { status: 401, code: 'UNAUTHORIZED' },
  UNAVAILABLE: { status: 503, code: 'UNAVAILABLE', retryAfterSeconds: RETRY_AFTER_SECONDS },
  UNKNOWN: { status: 500, code: 'UNKNOWN' },
  UNSUPPORTED: { status: 405, code: 'UNSUPPORTED' },
  UPLOAD_OUT_OF_ORDER: { status: 416, code: 'BLOB_UPLOAD_INVALID' },
};

/**
 * Answers with an error, and with those related to it. What is no `RegistryError` may tell of the server's inside: the
 * client learns only that something failed.
 *
 * Headers already set stay: they say where an upload stands, or how long a blob is.
 */
export function renderError(context: Context, error: unknown): void {
  const known = RegistryError.is(error) ? error : new RegistryError('UNKNOWN');
  const { status, ...rendering } = RENDERINGS[known.code];
  const retryAfterSeconds = known.retryAfterSeconds ?? rendering.retryAfterSeconds;
  if (retryAfterSeconds !== undefined) context.set('Retry-After', String(retryAfterSeconds));
  context.status = status;
  context.set('Content-Type', 'application/json');
  context.body = `${JSON.stringify({ errors: [known, ...known.related].map(describe) })}\n`;
}

function describe({ code, message, detail }: RegistryError) {
  return { code: RENDERINGS[code].code, message, detail };
}
