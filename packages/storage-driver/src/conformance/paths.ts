import assert from 'node:assert/strict';
import type { StorageDriver } from '../driver.ts';
import { DriverError } from '../errors.ts';
import { assertContent, assertFails, failureOf, pathsOf } from './assertions.ts';
import { hello } from './contents.ts';
import type { Suite } from './suite.ts';

const VALID_PATHS = [
  '/a',
  '/2',
  '/aa',
  '/a.a',
  '/0-9/abcdefg',
  '/abcdefg/z.75',
  '/abc/1.2.3.4.5-6_zyx/123.z/4',
  '/docker/docker-registry',
  '/123.abc',
  '/abc./abc',
  '/.abc',
  '/..abc',
  '/...',
  '/a..b',
  '/a--b',
  '/a-.b',
  '/_.abc',
  '/-',
  '/Docker/docker-registry',
  '/Abc/Cba',
  `/${'n'.repeat(200)}`,
];

/** Refused by every call. */
const INVALID_PATHS = [
  '',
  'abc',
  '123.abc',
  '//bcd',
  '/abc_123/',
  '/a//b',
  '/.',
  '/..',
  '/../a',
  '/a/../b',
  '/a/./b',
  '/a/..',
  '/a b',
  '/a\n',
  '/a\0b',
  '/a\\b',
  '/a:b',
  '/a%2e',
  '/ä',
];

const TOO_LONG = `/${'directory/'.repeat(1000)}a`;

/** Every call of the contract, with one path. */
const CALLS: Readonly<Record<string, (driver: StorageDriver, path: string) => Promise<unknown>>> = {
  getContent: (driver, path) => driver.getContent(path),
  putContent: (driver, path) => driver.putContent(path, hello),
  openReader: (driver, path) => driver.openReader(path),
  openWriter: (driver, path) => driver.openWriter(path),
  delete: (driver, path) => driver.delete(path),
  move: (driver, path) => driver.move(path, '/elsewhere'),
  locate: (driver, path) => driver.locate(path, { method: 'GET' }),
  stat: (driver, path) => driver.stat(path),
  list: (driver, path) => pathsOf(driver.list(path)),
  walk: (driver, path) => pathsOf(driver.walk(path)),
};

const TAKE_ROOT: readonly string[] = ['stat', 'list', 'walk'];

/** @see distribution, registry/storage/driver/testsuites/testsuites.go, `TestValidPaths`, `TestInvalidPaths`. */
export function describePaths(suite: Suite): void {
  suite.describe('paths', () => {
    for (const path of VALID_PATHS) {
      suite.test(`keeps a file under ${path.slice(0, 40)}`, async (driver) => {
        await driver.putContent(path, hello);
        await assertContent(driver, path, hello);
        await driver.delete(path);
      });
    }

    for (const [operation, call] of Object.entries(CALLS)) {
      suite.test(`${operation} refuses a path that breaks the grammar`, async (driver) => {
        for (const path of INVALID_PATHS) {
          await assertFails(call(driver, path), 'PATH_INVALID', { operation, path });
        }
      });
      suite.test(`${operation} refuses an endless path, and does not repeat it`, async (driver) => {
        const error = await failureOf(call(driver, TOO_LONG));
        assert.ok(DriverError.is(error, 'PATH_TOO_LONG'));
        assert.ok(error.message.length < 1000);
      });
    }

    suite.test('move refuses a destination that breaks the grammar', async (driver) => {
      await assertFails(driver.move('/a', '/../b'), 'PATH_INVALID', {
        operation: 'move',
        path: '/../b',
      });
    });
    describeRoot(suite);
    suite.test(
      'tells upper and lower case apart',
      async (driver) => {
        await driver.putContent('/a', Buffer.from('lower'));
        await driver.putContent('/A', Buffer.from('upper'));
        await assertContent(driver, '/a', Buffer.from('lower'));
      },
      { leaves: ['/a', '/A'], needs: 'caseSensitivePaths' },
    );
  });
}

function describeRoot(suite: Suite): void {
  for (const [operation, call] of Object.entries(CALLS)) {
    if (TAKE_ROOT.includes(operation)) continue;
    suite.test(`${operation} refuses the root`, async (driver) => {
      await assertFails(call(driver, '/'), 'PATH_INVALID', { operation, path: '/' });
    });
  }
  suite.test('the root is an empty directory when nothing is kept', async (driver) => {
    const info = await driver.stat('/');
    assert.equal(info?.isDirectory, true);
    assert.equal(info.path, '/');
    assert.equal(info.size, 0);
    assert.deepEqual(await pathsOf(driver.list('/')), []);
    assert.deepEqual(await pathsOf(driver.walk('/')), []);
  });
}
