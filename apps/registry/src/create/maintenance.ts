import {
  RecurringTask,
  removeAbandonedFiles,
  type StoredRegistry,
  type UnfinishedUpload,
} from '@purser/storage';
import type { StorageDriver } from '@purser/storage-driver';
import type { Config } from '../config/schema.ts';
import { describeError } from '../observe/describe-error.ts';
import type { Logger } from '../observe/logger.ts';

export interface MaintainedStorage {
  readonly registry: StoredRegistry;
  readonly driver: StorageDriver;
  readonly logger: Logger;
}

/** What the server does to its storage from time to time, in one process of all that share it. */
export function startMaintenance(config: Config, storage: MaintainedStorage): AsyncDisposable {
  const tasks = new AsyncDisposableStack();
  const { uploadpurging } = config.storage.maintenance;
  if (uploadpurging.enabled) tasks.use(startPurging(uploadpurging, storage));
  return tasks;
}

const MINUTE_MS = 60_000;
/** Servers that are started together do not all begin at once. */
const LONGEST_DELAY_MINUTES = 60;

/** @see distribution, registry/handlers/app.go, `startUploadPurger`. */
function startPurging(
  options: Config['storage']['maintenance']['uploadpurging'],
  { registry, driver, logger }: MaintainedStorage,
): RecurringTask {
  const firstDelayMs = Math.floor(Math.random() * LONGEST_DELAY_MINUTES) * MINUTE_MS;
  logger.debug(`unfinished uploads are looked through in ${firstDelayMs / MINUTE_MS} minutes`);
  return new RecurringTask({
    driver,
    name: 'purge-uploads',
    intervalMs: options.interval,
    firstDelayMs,
    work: (signal) => purge(options, { registry, driver, logger }, signal),
    onFailure: (error) =>
      logger.error('unfinished uploads could not be purged', describeError(error)),
  });
}

async function purge(
  { age, dryrun }: Config['storage']['maintenance']['uploadpurging'],
  { registry, driver, logger }: MaintainedStorage,
  signal: AbortSignal,
): Promise<void> {
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
  logger.info(dryrun ? 'would purge unfinished uploads' : 'purged unfinished uploads', count);
}
