import type { StorageDriver } from './driver.ts';

/**
 * The version of the contract between programs and drivers: `StorageDriver`, `DriverError` and `DriverFactory`. It is
 * raised when a driver that was written before would no longer do.
 */
export const DRIVER_CONTRACT_VERSION = 1;

/** What an operator wrote for a driver: texts, numbers, `true`, `false`, `null`, lists and maps of these. */
export type DriverParameters = Readonly<Record<string, unknown>>;

/**
 * What a package exports, as `driverFactory`, so that a program can load its driver by the name of the package.
 *
 * ```ts
 * import { MemoryDriver, type DriverFactory } from '@purser/storage-driver';
 *
 * export const driverFactory: DriverFactory = { contract: 1, create: () => new MemoryDriver() };
 * ```
 */
export interface DriverFactory {
  /** The version that the driver was written for: the number itself, since the constant grows with its package. */
  readonly contract: typeof DRIVER_CONTRACT_VERSION;

  /**
   * Makes a driver that is ready for use. It is called once, when the program starts. A driver that holds something open
   * is `Disposable` or `AsyncDisposable`: the program disposes of it when it ends.
   *
   * The names of parameters are in lower case, so that environment variables can set them, and unknown ones are refused.
   *
   * @throws DriverParameterError when a parameter is missing, unknown or wrong; the program tells its operator where.
   */
  create(parameters: DriverParameters): StorageDriver | Promise<StorageDriver>;
}

const brand = Symbol.for('@purser/storage-driver/DriverParameterError');

/** An operator wrote a parameter that the driver cannot use. */
export class DriverParameterError extends Error {
  override readonly name = 'DriverParameterError';
  readonly [brand] = true;
  /** Names what is below a map or in a list with dots: `pool.size`. */
  readonly parameter: string;

  /**
   * @param message What is expected instead, in one line and without the value, which may be a secret:
   * `expected the path of a file`.
   */
  constructor(parameter: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.parameter = parameter;
  }

  /** True for the error of any copy of this package. */
  static is(error: unknown): error is DriverParameterError {
    return error instanceof Error && brand in error;
  }
}
