/**
 * A storage driver that keeps bytes in a bucket of Google Cloud Storage, laid out as distribution does.
 *
 * ```ts
 * import { GcsDriver } from '@purser/storage-driver-gcs';
 *
 * const driver = new GcsDriver({ bucket: 'my-images', rootDirectory: 'registry' });
 * await driver.putContent('/greetings/hello', Buffer.from('hello'));
 * ```
 *
 * @packageDocumentation
 */
export { GcsDriver } from './driver.ts';
export type { GcsCredentials, GcsDriverOptions, GcsRetryOptions } from './options.ts';
