import type { BlobDescriptorCache } from '@purser/core';
import { createGarbageCollector, RecurringTask, type GarbageReport } from '@purser/storage';
import type { StorageDriver } from '@purser/storage-driver';
import type { Config } from '../../config/schema.ts';
import { describeError } from '../../observe/describe-error.ts';
import type { LogFields, Logger } from '../../observe/logger.ts';
import type { MaintenanceObserver } from '../../observe/metrics/maintenance-metrics.ts';
import { createStoredDecoder } from '../manifests/manifests.ts';
import { StartError } from '../start-error.ts';

export interface CollectedStorage {
  readonly driver: StorageDriver;
  readonly cache: BlobDescriptorCache | undefined;
  readonly logger: Logger;
  readonly observer?: MaintenanceObserver | undefined;
}

/** Servers that are started together do not all begin at once. */
const LONGEST_DELAY_MS = 60_000;

/** A server that dies is followed by another soon: its garbage waits, and so may pushes. */
const LEASE_TERM_MS = 5_000;

/**
 * Collects garbage while the server runs, in one process of all that share the storage.
 *
 * @throws StartError when the storage cannot tell which of several processes came first.
 */
export function startCollecting(
  { interval, grace, deleteuntagged }: Config['storage']['gc'],
  { driver, cache, logger, observer }: CollectedStorage,
): RecurringTask {
  if (driver.create === undefined) {
    throw new StartError(
      `storage.gc: garbage cannot be collected on the storage driver ${driver.name} while it is served: ` +
        'it does not tell which of several processes created a file; remove the section',
    );
  }
  const collector = createGarbageCollector({ driver, cache, decoder: createStoredDecoder() });
  return new RecurringTask({
    driver,
    name: 'collect-garbage',
    intervalMs: interval,
    firstDelayMs: Math.random() * Math.min(interval, LONGEST_DELAY_MS),
    leaseTermMs: LEASE_TERM_MS,
    async work(signal) {
      const options = { graceMs: grace, deleteUntagged: deleteuntagged, signal };
      const report = await collector.collect(options);
      if (report === undefined) {
        logger.info('garbage is being collected by another process');
        return;
      }
      observer?.collected(report);
      tell(report, logger);
    },
    onFailure(error) {
      observer?.failed('garbage');
      logger.error('garbage could not be collected', describeError(error));
    },
  });
}

function tell({ damaged, ...report }: GarbageReport, logger: Logger): void {
  for (const { repository, path } of damaged) {
    logger.warn('everything in a repository is kept, since something in it cannot be read', {
      repository,
      path,
    });
  }
  logger.info('collected garbage', fieldsOf(report));
}

function fieldsOf({
  deleted,
  needed,
  repositories,
  spared,
  durationMs,
}: Omit<GarbageReport, 'damaged'>): LogFields {
  return {
    'deleted.blobs': deleted.blobs,
    'deleted.bytes': deleted.bytes,
    'deleted.manifests': deleted.manifests,
    'deleted.links': deleted.links,
    'needed.digests': needed.digests,
    repositories,
    spared,
    'duration.ms': durationMs,
  };
}
