import type { DriverErrorCode } from '@purser/storage-driver';

export interface ResponseErrorOptions {
  readonly status: number;
  /** What the service wrote, shortened. */
  readonly message: string;
  /** Milliseconds that the service asks to wait for. */
  readonly retryAfterMs?: number | undefined;
}

/** An answer of the service that is no success. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor({ status, message, retryAfterMs }: ResponseErrorOptions) {
    super(`${status} ${message}`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A request that got no answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'ETIMEDOUT';
}

/** The status of the answer that an error tells of, whichever library made it; `undefined` when there was none. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { status, code, response } = error as Error & {
    status?: unknown;
    code?: unknown;
    response?: { status?: unknown; statusCode?: unknown };
  };
  const candidates = [status, code, response?.status, response?.statusCode];
  return candidates.find((value) => typeof value === 'number');
}

/** Milliseconds that the service asks to wait for; `undefined` when it does not. */
export function retryAfterOf(error: unknown): number | undefined {
  if (error instanceof ResponseError) return error.retryAfterMs;
  const headers = (error as { response?: { headers?: unknown } }).response?.headers;
  if (headers instanceof Headers) return parseRetryAfter(headers.get('retry-after'));
  const value = (headers as Record<string, unknown> | undefined)?.['retry-after'];
  return parseRetryAfter(value);
}

/** Milliseconds; `undefined` for anything but a number of seconds. */
export function parseRetryAfter(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

/** @see Cloud Storage documentation, "Retry strategy". */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CLOSED',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_SOCKET',
]);

/** Parsers fail so when a connection breaks within the head of an answer. */
const TRANSIENT_NAMES: ReadonlySet<string> = new Set(['HTTPParserError']);

/** Whether the same request may succeed later: overload, a fault of the service, a broken connection. */
export function isTransient(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return TRANSIENT_STATUSES.has(status) || isOverLimit(error, status);
  return isBrokenConnection(error);
}

/** Whether the service refuses for a rate or a quota with the status of missing permissions. */
function isOverLimit(error: unknown, status: number | undefined): boolean {
  return status === 403 && /quota|rate limit/i.test((error as Error).message);
}

function isBrokenConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, name, cause, message } = error as Error & { code?: unknown };
  if (typeof code === 'string' && TRANSIENT_CODES.has(code)) return true;
  if (TRANSIENT_NAMES.has(name) || /premature close|socket hang up/i.test(message)) return true;
  return cause !== undefined && cause !== error && isBrokenConnection(cause);
}

/**
 * Whether a failed request may have been carried out all the same. A service that refuses for its load has not begun.
 */
export function isAmbiguous(error: unknown): boolean {
  const status = statusOf(error);
  return isTransient(error) && status !== 403 && status !== 429 && status !== 408;
}

const STATUS_CODES: Readonly<Record<number, DriverErrorCode>> = {
  401: 'PERMISSION_DENIED',
  403: 'PERMISSION_DENIED',
  404: 'PATH_NOT_FOUND',
  408: 'BUSY',
  429: 'BUSY',
  500: 'UNAVAILABLE',
  502: 'UNAVAILABLE',
  503: 'BUSY',
  504: 'UNAVAILABLE',
  507: 'NO_SPACE',
};

/** What an error of the service, or on the way to it, means to a caller. What has no code is `FAILED`. */
export function codeOfError(error: unknown): DriverErrorCode | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  if (/bucket does not exist/i.test(message)) return 'UNAVAILABLE';
  if (/default credentials|invalid_grant/i.test(message)) return 'PERMISSION_DENIED';
  const status = statusOf(error);
  if (isOverLimit(error, status)) return 'BUSY';
  if (status !== undefined) return STATUS_CODES[status];
  return isBrokenConnection(error) ? 'UNAVAILABLE' : undefined;
}
