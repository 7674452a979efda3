import type { StorageDriver } from '../driver.ts';
import { assertFails } from './assertions.ts';
import { putFiles } from './contents.ts';
import type { Suite } from './suite.ts';

/** What `list` and `walk` refuse alike. */
export function describeListRefusals(
  suite: Suite,
  operation: string,
  call: (driver: StorageDriver, path: string) => Promise<unknown>,
): void {
  suite.test(`${operation} fails for what is missing`, async (driver) => {
    const place = { operation, path: '/missing' };
    await assertFails(call(driver, '/missing'), 'PATH_NOT_FOUND', place);
  });
  suite.test(
    `${operation} fails for a file, and below it`,
    async (driver) => {
      await putFiles(driver, '/a/file');
      const place = { operation, path: '/a/file' };
      await assertFails(call(driver, '/a/file'), 'NOT_A_DIRECTORY', place);
      await assertFails(call(driver, '/a/file/below'), ['PATH_NOT_FOUND', 'NOT_A_DIRECTORY']);
    },
    { leaves: ['/a/file'], needs: 'exclusivePaths' },
  );
  suite.test(
    `${operation} fails for a name that others begin with`,
    async (driver) => {
      await putFiles(driver, '/ab/file');
      await assertFails(call(driver, '/a'), 'PATH_NOT_FOUND');
    },
    { leaves: ['/ab/file'] },
  );
}
