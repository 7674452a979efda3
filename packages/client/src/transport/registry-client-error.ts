import { RegistryError, type ErrorCode, type RegistryErrorOptions } from '@purser/core';

export interface RegistryClientErrorOptions extends RegistryErrorOptions {
  /** The status of the answer; absent when there was none. */
  readonly status?: number | undefined;
  /** How the registry calls the request in its own logs. */
  readonly requestId?: string | undefined;
  /** Default `false`. */
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
}

const brand = Symbol.for('@purser/client/RegistryClientError');

/**
 * A failure of a request to a registry. Neither message nor detail nor cause holds a credential, a token or the query
 * of a URL.
 */
export class RegistryClientError extends RegistryError {
  readonly [brand] = true;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Whether the same request may succeed later. It says nothing of whether repeating it does harm. */
  readonly retryable: boolean;
  /** How long to wait before that, in milliseconds, where the registry says it. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: RegistryClientErrorOptions = {}) {
    super(code, options);
    this.status = options.status;
    this.requestId = options.requestId;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** True for the error of any copy of this package; with codes, only when it has one of them. */
  static override is(error: unknown, ...codes: readonly ErrorCode[]): error is RegistryClientError {
    return RegistryError.is(error, ...codes) && brand in error;
  }
}
