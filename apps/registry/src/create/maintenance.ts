import type { ManifestDecoder } from '@purser/core';
import {
  checkStorage,
  isDamage,
  RecurringTask,
  removeAbandonedFiles,
  type StoredRegistry,
  type UnfinishedUpload,
} from '@purser/storage';
import type { BlobDescriptorCache } from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import type { Config } from '../config/schema.ts';
import { describeError } from '../observe/describe-error.ts';
import type { Logger } from '../observe/logger.ts';
import type { MaintenanceObserver } from '../observe/metrics/maintenance-metrics.ts';
import { startCollecting } from './garbage.ts';

export interface MaintainedStorage {
  readonly registry: StoredRegistry;
  readonly driver: StorageDriver;
  readonly decoder: ManifestDecoder;
  readonly cache?: BlobDescriptorCache | undefined;
  /** While they are refused, uploads stay, and nothing is put into quarantine. Garbage is collected all the same. */
  readonly writes: { readonly areRefused: boolean };
  readonly logger: Logger;
  readonly observer?: MaintenanceObserver | undefined;
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
  if (scrub.enabled) tasks.use(startScrub(scrub, storage));
  return tasks;
}

const MINUTE_MS = 60_000;
/** Servers that are started together do not all begin at once. */
const LONGEST_DELAY_MINUTES = 60;

/** @see distribution, registry/handlers/app.go, `startUploadPurger`. */
function startPurging(
  options: Config['storage']['maintenance']['uploadpurging'],
  storage: MaintainedStorage,
): RecurringTask {
  const { driver, logger } = storage;
  // Never at once: whoever starts a server to look at its storage finds that untouched.
  const firstDelayMs = Math.ceil(Math.random() * LONGEST_DELAY_MINUTES) * MINUTE_MS;
  logger.debug(`unfinished uploads are looked through in ${firstDelayMs / MINUTE_MS} minutes`);
  return new RecurringTask({
    driver,
    name: 'purge-uploads',
    intervalMs: options.interval,
    firstDelayMs,
    work: (signal) => purge(options, storage, signal),
    onFailure(error) {
      storage.observer?.failed('purge');
      logger.error('unfinished uploads could not be purged', describeError(error));
    },
  });
}

async function purge(
  { age, dryrun }: Config['storage']['maintenance']['uploadpurging'],
  { registry, driver, writes, logger, observer }: MaintainedStorage,
  signal: AbortSignal,
): Promise<void> {
  if (writes.areRefused) return logger.info('read-only: unfinished uploads stay');
  const options = { olderThanMs: age, dryRun: dryrun, signal };
  const count = { uploads: 0, files: 0, bytes: 0 };
  const onFailure = (upload: UnfinishedUpload, error: unknown) =>
    logger.error('an upload could not be purged', {
      repository: upload.repository,
      upload: upload.id,
      ...describeError(error),
    });
  for await (const { repository, id, size } of registry.purgeUploads({ ...options, onFailure })) {
    count.uploads++;
    count.bytes += size;
    logger.debug(dryrun ? 'would purge an upload' : 'purged an upload', { repository, upload: id });
  }
  for await (const { size } of removeAbandonedFiles(driver, options)) {
    count.files++;
    count.bytes += size;
  }
  if (!dryrun) observer?.purged(count);
  logger.info(dryrun ? 'would purge unfinished uploads' : 'purged unfinished uploads', count);
}

function startScrub(
  options: Config['storage']['scrub'],
  storage: MaintainedStorage,
): RecurringTask {
  const { driver, logger } = storage;
  return new RecurringTask({
    driver,
    name: 'scrub',
    intervalMs: options.interval,
    // It is not worth a delay of an hour to those who try it with a short interval.
    firstDelayMs: Math.random() * Math.min(options.interval, LONGEST_DELAY_MINUTES * MINUTE_MS),
    work: (signal) => scrub(options, storage, signal),
    onFailure(error) {
      storage.observer?.failed('scrub');
      logger.error('storage could not be checked', describeError(error));
    },
  });
}

async function scrub(
  { rate, repair }: Config['storage']['scrub'],
  { driver, decoder, writes, logger, observer }: MaintainedStorage,
  signal: AbortSignal,
): Promise<void> {
  let progress = { blobs: 0, bytes: 0, repositories: 0 };
  let damaged = 0;
  const findings = checkStorage({
    driver,
    decoder,
    deep: rate > 0,
    bytesPerSecond: rate,
    repair: repair && !writes.areRefused,
    signal,
    onProgress: (now) => (progress = now),
  });
  for await (const finding of findings) {
    if (!isDamage(finding)) continue;
    damaged++;
    const { path, problem, images, repair: done } = finding;
    const hurt = images.map(({ repository, digest }) => `${repository}@${digest}`);
    const fields = { path, images: hurt, quarantine: done?.quarantine };
    logger.error(`damage in storage: ${problem}`, fields);
  }
  observer?.checked({ bytes: progress.bytes, damaged });
  logger.info('checked storage', { ...progress, damaged });
}
