import assert from 'node:assert/strict';
import { assertContent, assertFails } from './assertions.ts';
import { bytesOf, hello, putFiles, writeFile } from './contents.ts';
import type { Suite } from './suite.ts';

export function describeMoving(suite: Suite): void {
  suite.describe('moving', () => {
    describeMove(suite);
    describeFailedMove(suite);
    describeMoveInTheWay(suite);
  });
}

function describeMove(suite: Suite): void {
  suite.test(
    'takes a file to another directory, which need not be there',
    async (driver) => {
      await driver.putContent('/a/source', hello);
      await driver.move('/a/source', '/b/c/d/destination');
      await assertContent(driver, '/b/c/d/destination', hello);
      assert.equal(await driver.stat('/a/source'), undefined);
    },
    { leaves: ['/b/c/d/destination'] },
  );
  suite.test(
    'replaces a file that is there',
    async (driver) => {
      await driver.putContent('/source', hello);
      await driver.putContent('/destination', bytesOf(1000));
      await driver.move('/source', '/destination');
      await assertContent(driver, '/destination', hello);
    },
    { leaves: ['/destination'] },
  );
  suite.test(
    'takes what a writer committed',
    async (driver) => {
      const content = bytesOf(3_000_000);
      await writeFile(driver, '/uploads/data', [content.slice()]);
      await driver.move('/uploads/data', '/blobs/data');
      await assertContent(driver, '/blobs/data', content);
    },
    { leaves: ['/blobs/data'] },
  );
  suite.test(
    'leaves a file that is moved onto itself',
    async (driver) => {
      await driver.putContent('/a/file', hello);
      await driver.move('/a/file', '/a/file');
      await assertContent(driver, '/a/file', hello);
    },
    { leaves: ['/a/file'] },
  );
}

function describeFailedMove(suite: Suite): void {
  suite.test('fails for a missing source', async (driver) => {
    const place = { operation: 'move', path: '/missing' };
    await assertFails(driver.move('/missing', '/destination'), 'PATH_NOT_FOUND', place);
    await assertFails(driver.move('/missing', '/new/destination'), 'PATH_NOT_FOUND', place);
    await assertFails(driver.move('/missing', '/missing'), 'PATH_NOT_FOUND', place);
  });
  suite.test(
    'leaves the destination as it was when it fails',
    async (driver) => {
      await driver.putContent('/destination', hello);
      await assertFails(driver.move('/missing', '/destination'), 'PATH_NOT_FOUND');
      await assertContent(driver, '/destination', hello);
    },
    { leaves: ['/destination'] },
  );
  suite.test(
    'does not take directories',
    async (driver) => {
      await putFiles(driver, '/source/file', '/destination');
      const codes = ['NOT_A_FILE', 'PATH_NOT_FOUND'] as const;
      await assertFails(driver.move('/source', '/elsewhere'), codes);
      await assertFails(driver.move('/source', '/destination'), codes);
      await assertContent(driver, '/destination', Buffer.from('/destination'));
    },
    { leaves: ['/source/file', '/destination'] },
  );
}

function describeMoveInTheWay(suite: Suite): void {
  suite.test(
    'cannot put a file over a directory, below a file, or below itself',
    async (driver) => {
      await putFiles(driver, '/source', '/directory/file');
      await assertFails(driver.move('/source', '/directory'), 'NOT_A_FILE', {
        operation: 'move',
        path: '/directory',
      });
      await assertFails(driver.move('/source', '/directory/file/below'), 'NOT_A_DIRECTORY');
      await assertFails(driver.move('/source', '/source/below'), 'NOT_A_DIRECTORY');
      await assertContent(driver, '/source', Buffer.from('/source'));
      await assertContent(driver, '/directory/file', Buffer.from('/directory/file'));
    },
    { leaves: ['/source', '/directory/file'], needs: 'exclusivePaths' },
  );
}
