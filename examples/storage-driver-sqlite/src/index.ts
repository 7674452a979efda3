/**
 * An example of a storage driver: keeps bytes in one SQLite database.
 *
 * ```ts
 * import { driverFactory } from 'purser-storage-driver-sqlite-example';
 *
 * const driver = await driverFactory.create({ file: 'registry.db' });
 * await driver.putContent('/greetings/hello', Buffer.from('hello'));
 * ```
 *
 * @packageDocumentation
 */
export { SqliteDriver } from './driver.ts';
export { driverFactory } from './factory.ts';
