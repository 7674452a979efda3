const outboxBrand = Symbol.for('@purser/notifications/OutboxError');
const deliveryBrand = Symbol.for('@purser/notifications/DeliveryError');

export const OUTBOX_ERROR_MESSAGES = {
  OUTBOX_IN_USE: 'another process uses this outbox',
  OUTBOX_UNUSABLE: 'the outbox cannot be read or written',
} as const;

export type OutboxErrorCode = keyof typeof OUTBOX_ERROR_MESSAGES;

/** An outbox that cannot be used. */
export class OutboxError extends Error {
  override readonly name = 'OutboxError';
  readonly [outboxBrand] = true;
  readonly code: OutboxErrorCode;
  readonly directory: string;

  constructor(code: OutboxErrorCode, options: { directory: string; cause?: unknown }) {
    const { directory, cause } = options;
    super(`${OUTBOX_ERROR_MESSAGES[code]}: ${directory}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.directory = directory;
  }

  /** True for the error of any copy of this package; with codes, only when it has one of them. */
  static is(error: unknown, ...codes: readonly OutboxErrorCode[]): error is OutboxError {
    if (!(error instanceof Error) || !(outboxBrand in error)) return false;
    return codes.length === 0 || codes.includes((error as OutboxError).code);
  }
}

export const DELIVERY_ERROR_MESSAGES = {
  /** It answered with another status than 200 to 399, redirected where it is not followed, or sent a page after a redirect. */
  DELIVERY_REFUSED: 'the endpoint refused the event',
  /** It did not answer in time. */
  DELIVERY_TIMED_OUT: 'the endpoint did not answer in time',
  /** It could not be reached, or broke off. */
  DELIVERY_FAILED: 'the endpoint could not be reached',
} as const;

export type DeliveryErrorCode = keyof typeof DELIVERY_ERROR_MESSAGES;

export interface DeliveryErrorOptions {
  /** The name of the endpoint. */
  readonly endpoint: string;
  readonly status?: number | undefined;
  /** What the system calls it, `ECONNREFUSED`, or why an answer is no success. */
  readonly reason?: string | undefined;
}

/** An attempt that failed. It has no cause: those of HTTP clients may quote a URL or a header, and so a secret. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly [deliveryBrand] = true;
  readonly code: DeliveryErrorCode;
  readonly endpoint: string;
  /** Of the answer, if there was one. */
  readonly status: number | undefined;

  constructor(code: DeliveryErrorCode, { endpoint, status, reason }: DeliveryErrorOptions) {
    const detail = [status, reason].filter((part) => part !== undefined).join(': ');
    super(`${endpoint}: ${DELIVERY_ERROR_MESSAGES[code]}${detail === '' ? '' : ` (${detail})`}`);
    this.code = code;
    this.endpoint = endpoint;
    this.status = status;
  }

  /** True for the error of any copy of this package; with codes, only when it has one of them. */
  static is(error: unknown, ...codes: readonly DeliveryErrorCode[]): error is DeliveryError {
    if (!(error instanceof Error) || !(deliveryBrand in error)) return false;
    return codes.length === 0 || codes.includes((error as DeliveryError).code);
  }
}
