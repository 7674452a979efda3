/**
 * Keeps bytes in a local directory, written atomically and durably.
 *
 * ```ts
 * import { FilesystemDriver } from '@purser/storage-driver-fs';
 *
 * const driver = new FilesystemDriver({ rootDirectory: '/var/lib/registry' });
 * await driver.putContent('/greetings/hello', Buffer.from('hello'));
 * ```
 *
 * @packageDocumentation
 */
export { FilesystemDriver } from './driver.ts';
export type { FilesystemDriverOptions } from './options.ts';
