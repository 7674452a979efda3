/**
 * What every storage driver has to do, as tests for any runner that has `describe` and `it`.
 *
 * ```ts
 * import { describe, it } from 'node:test';
 * import { MemoryDriver } from '@purser/storage-driver';
 * import { describeDriverConformance } from '@purser/storage-driver/conformance';
 *
 * describeDriverConformance('memory', {
 *   describe,
 *   it,
 *   createDriver: () => ({ driver: new MemoryDriver() }),
 *   supports: { largeFiles: 'they would have to fit into memory' },
 * });
 * ```
 *
 * @packageDocumentation
 */
export { describeDriverConformance } from './driver-conformance.ts';
export type {
  DefineTest,
  DriverConformanceOptions,
  DriverSupport,
  DriverUnderTest,
  Support,
} from './suite.ts';
