import assert from 'node:assert/strict';
import type { Entry, StorageDriver } from '../driver.ts';
import { assertFails, pathsOf } from './assertions.ts';
import { putFiles } from './contents.ts';
import type { Suite } from './suite.ts';

/** In byte order. */
const NAMES = ['-', '.x', '0', '10', '9', 'A', 'B', 'Z', '_', 'a', 'a-b', 'a.b', 'aa', 'b', 'z'];

/** Files, and everything above them in the order of a walk. */
const TREE_FILES = [
  '/a/b',
  '/a/c/d/e',
  '/a/c/d/f',
  '/a/c-d',
  '/a/z',
  '/a-b/x',
  '/a.b',
  '/ab/c',
  '/b',
];
const TREE = [
  '/a',
  '/a/b',
  '/a/c',
  '/a/c/d',
  '/a/c/d/e',
  '/a/c/d/f',
  '/a/c-d',
  '/a/z',
  '/a-b',
  '/a-b/x',
  '/a.b',
  '/ab',
  '/ab/c',
  '/b',
];

export function describeListing(suite: Suite): void {
  suite.describe('listing', () => {
    describeList(suite);
    describeListRefusals(suite, 'list', (driver, path) => pathsOf(driver.list(path)));
    describeListAfter(suite);
  });
  suite.describe('walking', () => {
    describeWalk(suite);
    describeListRefusals(suite, 'walk', (driver, path) => pathsOf(driver.walk(path)));
    describeWalkAfter(suite);
    describePruning(suite);
    describeChangingTree(suite);
  });
}

function describeList(suite: Suite): void {
  const files = NAMES.map((name) => `/d/${name}`);
  suite.test(
    'gives the children of a directory in byte order',
    async (driver) => {
      await putFiles(driver, ...files.toReversed());
      assert.deepEqual(await pathsOf(driver.list('/d')), files);
      assert.deepEqual(await pathsOf(driver.list('/')), ['/d']);
    },
    { leaves: files, needs: 'caseSensitivePaths' },
  );
  suite.test(
    'gives direct children only, files and directories, each once',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES);
      const entries: Entry[] = [];
      for await (const { path, isDirectory } of driver.list('/a'))
        entries.push({ path, isDirectory });
      assert.deepEqual(entries, [
        { path: '/a/b', isDirectory: false },
        { path: '/a/c', isDirectory: true },
        { path: '/a/c-d', isDirectory: false },
        { path: '/a/z', isDirectory: false },
      ]);
      assert.deepEqual(await pathsOf(driver.list('/')), ['/a', '/a-b', '/a.b', '/ab', '/b']);
    },
    { leaves: TREE_FILES },
  );
}

function describeListRefusals(
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

function describeListAfter(suite: Suite): void {
  const files = NAMES.map((name) => `/d/${name}`);
  suite.test(
    'goes on strictly after a name, whether it is there or not',
    async (driver) => {
      await putFiles(driver, ...files);
      const hints = [
        ...NAMES,
        '',
        '5',
        'M',
        'a-',
        'a-bb',
        'zz',
        '~',
        ' ',
        'ä',
        '..',
        '../..',
        'a/b',
        '\0',
      ];
      for (const after of hints) {
        const expected = NAMES.filter(
          (name) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0,
        );
        assert.deepEqual(
          await pathsOf(driver.list('/d', { after })),
          expected.map((name) => `/d/${name}`),
          `after ${JSON.stringify(after)}`,
        );
      }
    },
    { leaves: files, needs: 'caseSensitivePaths' },
  );
  const many = Array.from({ length: 1200 }, (_, index) => `/d/n${String(index).padStart(5, '0')}`);
  suite.test(
    'gives every name once when it is read in pages',
    async (driver) => {
      await Promise.all(
        many.map((path) => driver.putContent(path, Buffer.alloc(0), { durable: false })),
      );
      const seen: string[] = [];
      for (let count = 1; count > 0;) {
        count = 0;
        const after = seen.at(-1)?.slice('/d/'.length);
        for await (const { path } of driver.list('/d', { after })) {
          seen.push(path);
          count++;
          if (count === 70) break;
        }
      }
      assert.deepEqual(seen, many);
    },
    { leaves: many },
  );
}

function describeWalk(suite: Suite): void {
  suite.test(
    'gives everything, a directory before what is in it, siblings in byte order',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES.toReversed());
      assert.deepEqual(await pathsOf(driver.walk('/')), TREE);
      for await (const { path, isDirectory } of driver.walk('/')) {
        assert.equal(isDirectory, !TREE_FILES.includes(path), path);
      }
    },
    { leaves: TREE_FILES },
  );
  suite.test(
    'gives what is below its start, without the start',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES);
      for (const start of ['/a', '/a/c', '/a/c/d', '/ab']) {
        const expected = TREE.filter((path) => path.startsWith(`${start}/`));
        assert.deepEqual(await pathsOf(driver.walk(start)), expected, start);
      }
    },
    { leaves: TREE_FILES },
  );
  suite.test(
    'may be left early',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES);
      for await (const { path } of driver.walk('/')) if (path === '/a/c/d') break;
      assert.deepEqual(await pathsOf(driver.walk('/a-b')), ['/a-b/x']);
    },
    { leaves: TREE_FILES },
  );
}

function describeWalkAfter(suite: Suite): void {
  suite.test(
    'goes on strictly after any path that it would meet',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES);
      for (const [index, after] of TREE.entries()) {
        const expected = TREE.slice(index + 1);
        assert.deepEqual(await pathsOf(driver.walk('/', { after })), expected, after);
      }
    },
    { leaves: TREE_FILES },
  );
  suite.test(
    'goes on after a path that is not there',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES);
      const hints: readonly (readonly [after: string, next: string | undefined])[] = [
        ['/0', '/a'],
        ['/a/a', '/a/b'],
        ['/a/b/below/a/file', '/a/c'],
        ['/a/c/c', '/a/c/d'],
        ['/a/c/d/ee/x', '/a/c/d/f'],
        ['/a/c/z', '/a/c-d'],
        ['/a/zz', '/a-b'],
        ['/a-a', '/a-b'],
        ['/a-b/y', '/a.b'],
        ['/b/below', undefined],
        ['/c', undefined],
        ['/a//', '/a/b'],
        ['/a/../b', '/a/b'],
        ['/a/c/ä', '/a/c-d'],
        ['/ä', undefined],
        ['', '/a'],
        ['text', undefined],
      ];
      for (const [after, next] of hints) {
        const expected = next === undefined ? [] : TREE.slice(TREE.indexOf(next));
        assert.deepEqual(await pathsOf(driver.walk('/', { after })), expected, after);
      }
    },
    { leaves: TREE_FILES },
  );
  suite.test(
    'gives all of a directory after its own path or one before it, nothing after one behind it',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES);
      const below = TREE.filter((path) => path.startsWith('/a/c/'));
      for (const after of ['/a/c', '/a/b', '/a', '/']) {
        assert.deepEqual(await pathsOf(driver.walk('/a/c', { after })), below, after);
      }
      for (const after of ['/a/c-d', '/a-b', '/b/x']) {
        assert.deepEqual(await pathsOf(driver.walk('/a/c', { after })), [], after);
      }
    },
    { leaves: TREE_FILES },
  );
}

function describePruning(suite: Suite): void {
  suite.test(
    'looks only inside the directories that it is told to enter',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES);
      const asked: string[] = [];
      const enter = (directory: string) => {
        asked.push(directory);
        return directory !== '/a/c';
      };
      const expected = TREE.filter((path) => !path.startsWith('/a/c/'));
      assert.deepEqual(await pathsOf(driver.walk('/', { enter })), expected);
      assert.deepEqual(asked, ['/a', '/a/c', '/a-b', '/ab']);
    },
    { leaves: TREE_FILES },
  );
  suite.test(
    'does not enter such a directory to go on after a path in it',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES);
      const enter = (directory: string) => directory !== '/a/c';
      const found = await pathsOf(driver.walk('/', { after: '/a/c/d/e', enter }));
      assert.deepEqual(found, TREE.slice(TREE.indexOf('/a/c-d')));
    },
    { leaves: TREE_FILES },
  );
}

function describeChangingTree(suite: Suite): void {
  const leaves = TREE_FILES.filter((path) => !path.startsWith('/a/'));
  suite.test(
    'leaves out what vanishes meanwhile',
    async (driver) => {
      await putFiles(driver, ...TREE_FILES);
      const seen: string[] = [];
      for await (const { path } of driver.walk('/')) {
        seen.push(path);
        if (path === '/a/c/d') await driver.delete('/a');
      }
      assert.deepEqual(
        seen.filter((path) => !path.startsWith('/a/')),
        ['/a', ...TREE.slice(TREE.indexOf('/a-b'))],
      );
    },
    { leaves },
  );
}
