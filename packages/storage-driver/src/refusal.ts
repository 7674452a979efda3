import { DRIVER_ERROR_MESSAGES, type DriverErrorCode } from './errors.ts';

export interface RefusalOptions {
  /** The path it is about, when that is not the one the operation was called with: the destination of a move. */
  readonly path?: string | undefined;
  /** The table's message when absent. */
  readonly message?: string | undefined;
  readonly cause?: unknown;
}

/**
 * How a driver built on `BaseDriver` says that an operation fails, without repeating which operation it is in: the base
 * turns it into a DriverError. It never reaches a caller.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: DriverErrorCode;
  readonly path: string | undefined;

  constructor(code: DriverErrorCode, { path, message, cause }: RefusalOptions = {}) {
    super(message ?? DRIVER_ERROR_MESSAGES[code], { cause });
    this.code = code;
    this.path = path;
  }
}
