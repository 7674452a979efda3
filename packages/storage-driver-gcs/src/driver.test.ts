import { randomUUID } from 'node:crypto';
import { GcsEmulator, needGoPrograms } from '@purser/external-programs';
import { describeDriverConformance } from '@purser/storage-driver/conformance';
import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { GcsDriver } from './driver.ts';
import { Service } from './fixtures/service.ts';
import { CREDENTIALS } from './fixtures/service-account.ts';
import type { GcsDriverOptions } from './options.ts';

const MEBIBYTE = 1024 * 1024;
const NO_DIRECTORIES = 'a bucket has no directories that could be in the way';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 });

/** A driver that sees nothing of what other tests keep in the same bucket. */
function createDriver(options: GcsDriverOptions) {
  const driver = new GcsDriver({ ...options, rootDirectory: `tests/${randomUUID()}` });
  return { driver, cleanUp: () => removeAll(driver) };
}

async function removeAll(driver: GcsDriver): Promise<void> {
  const names: string[] = [];
  for await (const page of driver.list('/')) names.push(...page.map(({ path }) => path));
  for (const path of names) await driver.delete(path);
}

const { isUnmet, note } = needGoPrograms('fake-gcs-server');

describe.skipIf(isUnmet)(`with an emulator${note}`, () => {
  let emulator: GcsEmulator;
  let service: Service;
  beforeAll(async () => {
    emulator = await GcsEmulator.create('memory');
    service = await Service.create(emulator.endpoint);
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    await emulator[Symbol.asyncDispose]();
  });

  describeDriverConformance('gcs', {
    describe,
    it,
    createDriver: () =>
      createDriver({
        bucket: emulator.bucket,
        endpoint: emulator.endpoint,
        credentials: CREDENTIALS,
      }),
    supports: { redirects: true, exclusivePaths: NO_DIRECTORIES },
    largeFileBytes: Number(process.env['LARGE_FILE_MIB'] ?? 64) * MEBIBYTE,
  });

  describeDriverConformance('gcs, with upload sessions as the service keeps them', {
    describe,
    it,
    createDriver: () => createDriver({ bucket: emulator.bucket, endpoint: service.endpoint }),
    supports: {
      redirects: 'there is no key to sign with',
      exclusivePaths: NO_DIRECTORIES,
      largeFiles: 'the sessions are kept in the memory of the test',
    },
  });
});

const { PURSER_TEST_GCS_BUCKET: bucket } = process.env;

describe.skipIf(bucket === undefined)(
  `with a real bucket${bucket === undefined ? ' [skipped: PURSER_TEST_GCS_BUCKET names none]' : ''}`,
  () => {
    describeDriverConformance('gcs', {
      describe,
      it,
      createDriver: () => createDriver({ bucket: bucket ?? '' }),
      supports: { redirects: true, exclusivePaths: NO_DIRECTORIES },
      largeFileBytes: Number(process.env['LARGE_FILE_MIB'] ?? 5 * 1024) * MEBIBYTE,
    });
  },
);
