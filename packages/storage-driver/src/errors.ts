import './check-runtime.ts';

/** Every way in which a storage driver fails. */
export const DRIVER_ERROR_MESSAGES = {
  /** Nothing is kept under the path. */
  PATH_NOT_FOUND: 'nothing is stored under this path',
  /** The path breaks the grammar of `path.ts`; the backend was not asked. */
  PATH_INVALID: 'invalid path',
  /** The path, or a part of it, is longer than the backend can name. */
  PATH_TOO_LONG: 'the path is longer than the storage can name',
  /** A directory stands where a file was asked for. */
  NOT_A_FILE: 'a directory stands at this path',
  /** A file stands where a directory was asked for, or in the middle of the path. */
  NOT_A_DIRECTORY: 'a file stands at this path, or above it',
  /** An offset or a length is negative, not an integer, or beyond the end. */
  OFFSET_INVALID: 'invalid offset',
  /** The backend has no space, or no quota, left. */
  NO_SPACE: 'no space left in the storage',
  /** The backend refuses this process: permissions, or credentials. */
  PERMISSION_DENIED: 'the storage refuses access',
  /** The backend can be read and not written, as a file system that is mounted read-only. */
  READ_ONLY: 'the storage is read-only',
  /** The backend is overloaded or out of handles; the same call may succeed later. */
  BUSY: 'the storage is busy',
  /** The backend cannot be reached, or its disk fails: the same call may succeed when that is mended. */
  UNAVAILABLE: 'the storage cannot be reached, or fails to read or write',
  /** Anything else; see the cause. */
  FAILED: 'the storage failed',
} as const;

export type DriverErrorCode = keyof typeof DRIVER_ERROR_MESSAGES;

export interface DriverErrorOptions {
  /** The name of the driver: `filesystem`. */
  readonly driver: string;
  /** The method that failed: `openReader`. */
  readonly operation: string;
  readonly path: string;
  /** The table's message when absent. */
  readonly message?: string | undefined;
  readonly cause?: unknown;
}

const brand = Symbol.for('@purser/storage-driver/DriverError');

/** A failure of a storage driver, with the driver, the operation and the path it happened at. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  readonly [brand] = true;
  readonly code: DriverErrorCode;
  readonly driver: string;
  readonly operation: string;
  readonly path: string;

  constructor(code: DriverErrorCode, options: DriverErrorOptions) {
    const { driver, operation, path, cause } = options;
    const message = options.message ?? DRIVER_ERROR_MESSAGES[code];
    super(
      `${driver}: ${operation} ${path}: ${message}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.driver = driver;
    this.operation = operation;
    this.path = path;
  }

  /** True for the error of any copy of this package; with codes, only when it has one of them. */
  static is(error: unknown, ...codes: readonly DriverErrorCode[]): error is DriverError {
    if (!(error instanceof Error) || !(brand in error)) return false;
    return codes.length === 0 || codes.includes((error as DriverError).code);
  }
}
