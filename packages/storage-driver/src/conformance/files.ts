import assert from 'node:assert/strict';
import { assertContent, assertFails, assertSameBytes } from './assertions.ts';
import { bytesOf, filled, hello } from './contents.ts';
import type { Suite } from './suite.ts';

const SIZES = [0, 1, 2, 71, 4095, 4096, 8192, 8193, 65_537, 1024 * 1024 + 1, 5_000_000];

export function describeFiles(suite: Suite): void {
  suite.describe('files', () => {
    describePut(suite);
    describeStat(suite);
    suite.test('reading what is missing fails', async (driver) => {
      await assertFails(driver.getContent('/missing/file'), 'PATH_NOT_FOUND', {
        operation: 'getContent',
        path: '/missing/file',
      });
    });
    suite.test(
      'reading a directory fails',
      async (driver) => {
        await driver.putContent('/directory/file', hello);
        await assertFails(driver.getContent('/directory'), 'NOT_A_FILE');
      },
      { leaves: ['/directory/file'], needs: 'exclusivePaths' },
    );
    suite.test(
      'nothing is below a file',
      async (driver) => {
        await driver.putContent('/file', hello);
        await assertFails(driver.getContent('/file/below'), 'PATH_NOT_FOUND');
        assert.equal(await driver.stat('/file/below'), undefined);
      },
      { leaves: ['/file'] },
    );
  });
}

function describePut(suite: Suite): void {
  for (const size of SIZES) {
    suite.test(
      `gives back ${size} bytes as they were put`,
      async (driver) => {
        await driver.putContent('/a/file', bytesOf(size));
        await assertContent(driver, '/a/file', bytesOf(size));
      },
      { leaves: ['/a/file'] },
    );
  }
  suite.test(
    'the last content put stays, without a tail of a longer one',
    async (driver) => {
      for (const size of [10_000, 20_000, 5, 0, 7]) {
        await driver.putContent('/file', bytesOf(size));
        await assertContent(driver, '/file', bytesOf(size));
      }
    },
    { leaves: ['/file'] },
  );
  suite.test(
    'stores a view of a larger buffer alone',
    async (driver) => {
      await driver.putContent('/file', new Uint8Array(bytesOf(100).buffer, 10, 20));
      await assertContent(driver, '/file', bytesOf(100).subarray(10, 30));
    },
    { leaves: ['/file'] },
  );
  suite.test(
    'what is kept does not change with the arrays of the caller',
    async (driver) => {
      const content = filled(100, 'a');
      await driver.putContent('/file', content);
      content.fill('b');
      (await driver.getContent('/file')).fill(0);
      await assertContent(driver, '/file', filled(100, 'a'));
    },
    { leaves: ['/file'] },
  );
  suite.test(
    'content that need not survive a loss of power is there at once',
    async (driver) => {
      await driver.putContent('/a/file', hello, { durable: false });
      await assertContent(driver, '/a/file', hello);
    },
    { leaves: ['/a/file'] },
  );
  describePutInTheWay(suite);
}

function describePutInTheWay(suite: Suite): void {
  suite.test(
    'a file cannot be put over a directory',
    async (driver) => {
      await driver.putContent('/a/b', hello);
      await assertFails(driver.putContent('/a', hello), 'NOT_A_FILE', {
        operation: 'putContent',
        path: '/a',
      });
      await assertContent(driver, '/a/b', hello);
    },
    { leaves: ['/a/b'], needs: 'exclusivePaths' },
  );
  suite.test(
    'a file cannot be put below a file, however deep',
    async (driver) => {
      await driver.putContent('/a', hello);
      await assertFails(driver.putContent('/a/b', hello), 'NOT_A_DIRECTORY', {
        operation: 'putContent',
        path: '/a/b',
      });
      await assertFails(driver.putContent('/a/b/c/d', hello), 'NOT_A_DIRECTORY');
      await assertContent(driver, '/a', hello);
    },
    { leaves: ['/a'], needs: 'exclusivePaths' },
  );
}

function describeStat(suite: Suite): void {
  suite.test(
    'tells the size of a file and when it was written',
    async (driver) => {
      const before = Date.now();
      await driver.putContent('/a/file', hello);
      const info = await driver.stat('/a/file');
      assert.ok(info !== undefined);
      const { modifiedAt, ...rest } = info;
      assert.deepEqual(rest, { path: '/a/file', isDirectory: false, size: hello.byteLength });
      // The clock of a backend may be a little off, and count in seconds.
      assert.ok(Math.abs(modifiedAt.getTime() - before) < 60_000, modifiedAt.toISOString());
    },
    { leaves: ['/a/file'] },
  );
  suite.test(
    'knows a directory by what is below it',
    async (driver) => {
      await driver.putContent('/a/b/file', hello);
      for (const path of ['/', '/a', '/a/b']) {
        const info = await driver.stat(path);
        assert.deepEqual(
          { path: info?.path, isDirectory: info?.isDirectory, size: info?.size },
          { path, isDirectory: true, size: 0 },
        );
      }
    },
    { leaves: ['/a/b/file'] },
  );
  suite.test(
    'finds nothing where a directory is, when only a file is meant',
    async (driver) => {
      await driver.putContent('/a/b/file', hello);
      for (const path of ['/', '/a', '/a/b', '/missing', '/a/b/file/below']) {
        assert.equal(await driver.stat(path, { only: 'file' }), undefined, path);
      }
      assert.equal((await driver.stat('/a/b/file', { only: 'file' }))?.size, hello.byteLength);
    },
    { leaves: ['/a/b/file'] },
  );
  suite.test('finds nothing where nothing is', async (driver) => {
    assert.equal(await driver.stat('/missing'), undefined);
    assert.equal(await driver.stat('/missing/below'), undefined);
  });
  suite.test(
    'a name that another begins with is not there',
    async (driver) => {
      await driver.putContent('/ab/file', hello);
      assert.equal(await driver.stat('/a'), undefined);
      assertSameBytes(await driver.getContent('/ab/file'), hello);
    },
    { leaves: ['/ab/file'] },
  );
}
