/**
 * The contract of a place that keeps bytes under paths, with a checking base and an in-memory driver.
 *
 * ```ts
 * import { MemoryDriver } from '@purser/storage-driver';
 *
 * const driver = new MemoryDriver();
 * await driver.putContent('/greetings/hello', Buffer.from('hello'));
 * for await (const { path } of driver.walk('/')) console.log(path); // /greetings, /greetings/hello
 * ```
 *
 * @packageDocumentation
 */
export { BaseDriver, type ReaderRange } from './base-driver.ts';
export type { CallContext } from './check-call.ts';
export { ConcurrencyLimit } from './concurrency-limit.ts';
export type {
  DriverListOptions,
  DriverLocateOptions,
  DriverOptions,
  Entry,
  FileInfo,
  FileWriter,
  ListAbandonedOptions,
  PutContentOptions,
  ReaderOptions,
  StatOptions,
  StorageDriver,
  WalkOptions,
  WriterOptions,
} from './driver.ts';
export {
  DRIVER_CONTRACT_VERSION,
  DriverParameterError,
  type DriverFactory,
  type DriverParameters,
} from './driver-factory.ts';
export { entriesOf } from './entries-of.ts';
export {
  DRIVER_ERROR_MESSAGES,
  DriverError,
  type DriverErrorCode,
  type DriverErrorOptions,
} from './errors.ts';
export type { FileSink } from './file-sink.ts';
export { forwardCalls } from './forward-calls.ts';
export { MemoryDriver } from './memory-driver.ts';
export {
  compareNames,
  comparePaths,
  faultOfPath,
  isFilePath,
  isPathName,
  joinPath,
  MAXIMUM_PATH_LENGTH,
  nameOfPath,
  parentOfPath,
  ROOT_PATH,
} from './path.ts';
export { Refusal, type RefusalOptions } from './refusal.ts';
