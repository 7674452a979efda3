import type { BlobDescriptorCache, ManifestDecoder } from '@purser/core';
import type { Clock, StoredRegistry } from '@purser/storage';
import type { StorageDriver } from '@purser/storage-driver';
import type { Config } from '../../config/schema.ts';
import type { Logger } from '../../observe/logger.ts';
import type { MaintenanceObserver } from '../../observe/metrics/maintenance-metrics.ts';
import { requiredReferences } from '../storage/required-references.ts';
import { startCollecting } from './garbage.ts';
import { startPurging } from './purge-uploads.ts';
import { startScrub } from './scrub.ts';

export interface MaintainedStorage {
  readonly registry: StoredRegistry;
  readonly driver: StorageDriver;
  readonly decoder: ManifestDecoder;
  readonly cache?: BlobDescriptorCache | undefined;
  /** While they are refused, uploads stay, and nothing is put into quarantine. Garbage is collected all the same. */
  readonly writes: { readonly areRefused: boolean };
  readonly logger: Logger;
  readonly observer?: MaintenanceObserver | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

/**
 * What the server does to its storage from time to time, in one process of all that share it.
 *
 * @throws StartError when the storage is not fit for it.
 */
export function startMaintenance(config: Config, storage: MaintainedStorage): AsyncDisposable {
  const tasks = new AsyncDisposableStack();
  const { gc, maintenance } = config.storage;
  const { uploadpurging } = maintenance;
  // First, since it may refuse.
  if (gc.interval > 0) tasks.use(startCollecting(gc, { ...storage, cache: storage.cache }));
  if (uploadpurging.enabled) tasks.use(startPurging(uploadpurging, storage));
  const { scrub } = config.storage;
  if (scrub.enabled)
    tasks.use(startScrub(scrub, { ...storage, references: requiredReferences(config) }));
  return tasks;
}
