import assert from 'node:assert/strict';
import { assertContent, assertFails, pathsOf } from './assertions.ts';
import { hello, putFiles } from './contents.ts';
import type { Suite } from './suite.ts';

export function describeDeleting(suite: Suite): void {
  suite.describe('deleting', () => {
    suite.test(
      'takes one file',
      async (driver) => {
        await putFiles(driver, '/a/b', '/a/c');
        await driver.delete('/a/b');
        await assertFails(driver.getContent('/a/b'), 'PATH_NOT_FOUND');
        assert.equal(await driver.stat('/a/b'), undefined);
      },
      { leaves: ['/a/c'] },
    );
    suite.test(
      'takes a directory with everything below it, and nothing beside it',
      async (driver) => {
        const beside = ['/a/b-', '/a/b.c', '/a/bc/d', '/a/a', '/b/x'];
        await putFiles(driver, '/a/b/x', '/a/b/c/d/e', '/a/b/z', ...beside);
        await driver.delete('/a/b');
        for (const path of ['/a/b', '/a/b/x', '/a/b/c/d/e']) {
          assert.equal(await driver.stat(path), undefined, path);
        }
        for (const path of beside) await assertContent(driver, path, Buffer.from(path));
      },
      { leaves: ['/a/a', '/a/b-', '/a/b.c', '/a/bc/d', '/b/x'] },
    );
    suite.test(
      'fails for what is missing, also for a name that others begin with',
      async (driver) => {
        await putFiles(driver, '/ab');
        const place = { operation: 'delete', path: '/a' };
        await assertFails(driver.delete('/a'), 'PATH_NOT_FOUND', place);
        await assertFails(driver.delete('/missing/below'), 'PATH_NOT_FOUND');
        await assertFails(driver.delete('/ab/below'), 'PATH_NOT_FOUND');
      },
      { leaves: ['/ab'] },
    );
    suite.test(
      'takes the directories that it empties, and no others',
      async (driver) => {
        await putFiles(driver, '/a/b/c/d', '/a/b/c/e/f/g', '/a/x');
        await driver.delete('/a/b/c/e/f/g');
        assert.deepEqual(await pathsOf(driver.list('/a/b/c')), ['/a/b/c/d']);
        await driver.delete('/a/b/c/d');
        assert.equal(await driver.stat('/a/b'), undefined);
        assert.deepEqual(await pathsOf(driver.list('/a')), ['/a/x']);
      },
      { leaves: ['/a/x'] },
    );
    suite.test('leaves an empty root behind the last file', async (driver) => {
      await putFiles(driver, '/a/b');
      await driver.delete('/a/b');
      assert.deepEqual(await pathsOf(driver.list('/')), []);
    });
    suite.test('fails the second time', async (driver) => {
      await putFiles(driver, '/a/b/c');
      await driver.delete('/a/b');
      await assertFails(driver.delete('/a/b'), 'PATH_NOT_FOUND');
      await assertFails(driver.delete('/a/b/c'), 'PATH_NOT_FOUND');
    });
    suite.test(
      'makes room: for a file where a directory was, and the other way round',
      async (driver) => {
        await putFiles(driver, '/a/b', '/c');
        await driver.delete('/a');
        await driver.delete('/c');
        await driver.putContent('/a', hello);
        await driver.putContent('/c/d', hello);
        await assertContent(driver, '/a', hello);
        await assertContent(driver, '/c/d', hello);
      },
      { leaves: ['/a', '/c/d'] },
    );
  });
}
