/**
 * A registry kept on a storage driver, in the layout of CNCF Distribution.
 *
 * ```ts
 * import { createManifestDecoder } from '@purser/core';
 * import { ociFormats } from '@purser/manifest-oci';
 * import { createRegistry } from '@purser/storage';
 * import { MemoryDriver } from '@purser/storage-driver';
 *
 * const registry = createRegistry({
 *   driver: new MemoryDriver(),
 *   decoder: createManifestDecoder(ociFormats),
 * });
 * ```
 *
 * @packageDocumentation
 */
export {
  checkStorage,
  type CheckProgress,
  type CheckStorageOptions,
} from './check/check-storage.ts';
export {
  isDamage,
  type AffectedImage,
  type Finding,
  type Problem,
  type Repair,
} from './check/finding.ts';
export { removeAbandonedFiles, type RemoveAbandonedOptions } from './abandoned-files.ts';
export { createRegistry, type RegistryOptions, type StoredRegistry } from './create-registry.ts';
export type {
  Deleted,
  GarbageEvent,
  GarbageFound,
  GarbageObserver,
  GarbagePhase,
  GarbageReport,
} from './garbage/garbage-report.ts';
export {
  createGarbageCollector,
  type CollectOptions,
  type GarbageCollector,
  type GarbageCollectorOptions,
} from './garbage/create-garbage-collector.ts';
export type { Clock } from './garbage/clock.ts';
export { LeaseLostError } from './garbage/lease.ts';
export type { Damaged } from './garbage/mark.ts';
export type { LeftoverReporter } from './blob-writer.ts';
export type { Damage, DamageReporter } from './damage.ts';
export { discardContent, type DiscardContentOptions } from './discard-content.ts';
export type { ReferencePolicy, RequiredPlatform } from './policy.ts';
export { rebuildReferrers, type RebuiltReferrers } from './rebuild-referrers.ts';
export { RecurringTask, type RecurringTaskOptions } from './recurring-task.ts';
export type { PurgeUploadsOptions, UnfinishedUpload } from './upload-purge.ts';
