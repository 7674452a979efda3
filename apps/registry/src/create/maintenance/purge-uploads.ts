import { RecurringTask, removeAbandonedFiles, type UnfinishedUpload } from '@purser/storage';
import type { Config } from '../../config/schema.ts';
import { describeError } from '../../observe/describe-error.ts';
import type { MaintainedStorage } from './maintenance.ts';

const MINUTE_MS = 60_000;
/** Servers that are started together do not all begin at once. */
const LONGEST_DELAY_MINUTES = 60;

/**
 * Removes uploads that nobody goes on with, from time to time, and temporary files of processes that died.
 *
 * @see distribution, registry/handlers/app.go, `startUploadPurger`.
 */
export function startPurging(
  options: Config['storage']['maintenance']['uploadpurging'],
  storage: MaintainedStorage,
): RecurringTask {
  const { driver, logger, clock } = storage;
  // Never at once: whoever starts a server to look at its storage finds that untouched.
  const firstDelayMs = Math.ceil(Math.random() * LONGEST_DELAY_MINUTES) * MINUTE_MS;
  logger.debug(`unfinished uploads are looked through in ${firstDelayMs / MINUTE_MS} minutes`);
  return new RecurringTask({
    driver,
    name: 'purge-uploads',
    intervalMs: options.interval,
    firstDelayMs,
    clock,
    now: clock && (() => clock.now()),
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
