import { isObject, RegistryError, type ErrorCode } from '@purser/core';
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
  HEADERS_TOO_LARGE: { status: 431, code: 'UNSUPPORTED' },
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
  REQUEST_MALFORMED: { status: 400, code: 'UNSUPPORTED' },
  REQUEST_TIMEOUT: { status: 408, code: 'UNSUPPORTED' },
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

/** An error as an answer, for who speaks to a connection without Koa. */
export interface RenderedError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON document of the specification, with the line break that ends it. */
  readonly body: string;
}

/**
 * The answer that tells a client of an error, and of those related to it. What is no `RegistryError` may tell of the
 * server's inside: the client learns only that something failed.
 *
 * @param requestId Added to the details of a failure of the server, so that its operator finds the cause in the log.
 */
export function renderedError(error: unknown, requestId?: string): RenderedError {
  const known = RegistryError.is(error) ? error : new RegistryError('UNKNOWN');
  const { status, ...rendering } = RENDERINGS[known.code];
  const id = status >= 500 ? requestId : undefined;
  const retryAfterSeconds = known.retryAfterSeconds ?? rendering.retryAfterSeconds;
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
    },
    body: `${JSON.stringify({ errors: [known, ...known.related].map((each) => describe(each, id)) })}\n`,
  };
}

/** Answers with an error. Headers already set stay: they say where an upload stands, or how long a blob is. */
export function renderError(context: Context, error: unknown): void {
  const id: unknown = context.state['requestId'];
  const requestId = typeof id === 'string' ? id : undefined;
  const { status, headers, body } = renderedError(error, requestId);
  context.status = status;
  context.set(headers);
  context.body = body;
}

function describe({ code, message, detail }: RegistryError, requestId: string | undefined) {
  return { code: RENDERINGS[code].code, message, detail: withRequestId(detail, requestId) };
}

/** A detail that is no object stays as it is: distribution's clients know its text. */
function withRequestId(detail: unknown, requestId: string | undefined): unknown {
  if (requestId === undefined) return detail;
  if (detail === undefined) return { requestId };
  return isObject(detail) ? { ...detail, requestId } : detail;
}
