import assert from 'node:assert/strict';
import { pathsOf } from './assertions.ts';
import { putFiles } from './contents.ts';
import { TREE, TREE_FILES } from './listed-tree.ts';
import { describeListRefusals } from './listing-refusals.ts';
import type { Suite } from './suite.ts';

export function describeWalking(suite: Suite): void {
  suite.describe('walking', () => {
    describeWalk(suite);
    describeListRefusals(suite, 'walk', (driver, path) => pathsOf(driver.walk(path)));
    describeWalkAfter(suite);
    describePruning(suite);
    describeChangingTree(suite);
  });
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
