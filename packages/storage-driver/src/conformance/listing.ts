import assert from 'node:assert/strict';
import { entriesOf } from '../entries-of.ts';
import type { Entry } from '../driver.ts';
import { pathsOf } from './assertions.ts';
import { putFiles } from './contents.ts';
import { TREE_FILES } from './listed-tree.ts';
import { describeListRefusals } from './listing-refusals.ts';
import type { Suite } from './suite.ts';

/** In byte order. */
const NAMES = ['-', '.x', '0', '10', '9', 'A', 'B', 'Z', '_', 'a', 'a-b', 'a.b', 'aa', 'b', 'z'];

export function describeListing(suite: Suite): void {
  suite.describe('listing', () => {
    describeList(suite);
    describeListRefusals(suite, 'list', (driver, path) => pathsOf(driver.list(path)));
    describeListAfter(suite);
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
      for await (const entry of entriesOf(driver.list('/a'))) entries.push(entry);
      assert.deepEqual(entries, [
        { name: 'b', path: '/a/b', isDirectory: false },
        { name: 'c', path: '/a/c', isDirectory: true },
        { name: 'c-d', path: '/a/c-d', isDirectory: false },
        { name: 'z', path: '/a/z', isDirectory: false },
      ]);
      assert.deepEqual(await pathsOf(driver.list('/')), ['/a', '/a-b', '/a.b', '/ab', '/b']);
    },
    { leaves: TREE_FILES },
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
        for await (const { path } of entriesOf(driver.list('/d', { after }))) {
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
