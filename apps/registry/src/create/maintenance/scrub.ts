import {
  checkStorage,
  isDamage,
  RecurringTask,
  type CheckProgress,
  type CheckStorageOptions,
} from '@purser/storage';
import type { Config } from '../../config/schema.ts';
import { describeError } from '../../observe/describe-error.ts';
import type { MaintainedStorage } from './maintenance.ts';

/** It is not worth a longer delay to those who try it with a short interval. */
const LONGEST_DELAY_MS = 3_600_000;

/** Storage that the scrub checks. */
interface ScrubbedStorage extends MaintainedStorage {
  readonly references: CheckStorageOptions['references'];
}

/** Looks from time to time for what is broken in storage. What it finds is in the log, with the images it hurts. */
export function startScrub(
  options: Config['storage']['scrub'],
  storage: ScrubbedStorage,
): RecurringTask {
  const { driver, logger, clock } = storage;
  return new RecurringTask({
    driver,
    name: 'scrub',
    intervalMs: options.interval,
    firstDelayMs: Math.random() * Math.min(options.interval, LONGEST_DELAY_MS),
    clock,
    now: clock && (() => clock.now()),
    work: (signal) => scrub(options, storage, signal),
    onFailure(error) {
      storage.observer?.failed('scrub');
      logger.error('storage could not be checked', describeError(error));
    },
  });
}

async function scrub(
  { rate, repair }: Config['storage']['scrub'],
  { driver, decoder, references, writes, logger, observer, clock }: ScrubbedStorage,
  signal: AbortSignal,
): Promise<void> {
  let progress: CheckProgress | undefined;
  let damaged = 0;
  const findings = checkStorage({
    driver,
    decoder,
    references,
    deep: rate > 0,
    bytesPerSecond: rate,
    clock,
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
  const { blobs = 0, bytes = 0, repositories = 0 } = progress ?? {};
  observer?.checked({ bytes, damaged });
  logger.info('checked storage', { blobs, bytes, repositories, damaged });
}
