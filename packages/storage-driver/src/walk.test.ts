import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from './driver.ts';
import { DriverError } from './errors.ts';
import { compareNames, comparePaths, joinPath, parentOfPath, nameOfPath } from './path.ts';
import { walkTree, type ListDirectory } from './walk.ts';

const name = fc.constantFrom('a', 'a-b', 'a.b', 'ab', 'b', '_', 'Z', '0');
const filePath = fc
  .array(name, { minLength: 1, maxLength: 4 })
  .map((names) => joinPath('/', ...names));

/** A tree given by its files, which counts what it is asked. */
class ListedTree {
  readonly listed: string[] = [];
  open = 0;
  readonly #children = new Map<string, Set<string>>([['/', new Set()]]);

  constructor(files: readonly string[]) {
    for (const file of files) {
      for (let path = file; path !== '/'; path = parentOfPath(path)) {
        const parent = parentOfPath(path);
        this.#children.set(parent, (this.#children.get(parent) ?? new Set()).add(path));
      }
    }
  }

  get all(): string[] {
    return [...this.#children.values()].flatMap((paths) => [...paths]).sort(comparePaths);
  }

  readonly list: ListDirectory = (directory, after) => this.#list(directory, after);

  async *#list(directory: string, after: string | undefined): AsyncGenerator<Entry, void> {
    this.listed.push(directory);
    const paths = this.#children.get(directory);
    if (paths === undefined) throw failure('PATH_NOT_FOUND', directory);
    this.open++;
    try {
      for (const path of [...paths].sort(comparePaths)) {
        const name = nameOfPath(path);
        if (after !== undefined && compareNames(name, after) <= 0) continue;
        yield { name, path, isDirectory: this.#children.has(path) };
      }
    } finally {
      this.open--;
    }
  }
}

function failure(code: 'PATH_NOT_FOUND' | 'FAILED', path: string): DriverError {
  return new DriverError(code, { driver: 'test', operation: 'walk', path });
}

async function pathsOf(entries: AsyncIterable<Entry>): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of entries) paths.push(path);
  return paths;
}

describe('walkTree', () => {
  it('goes on after any path as if it had come there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(filePath, { maxLength: 12 }), filePath, async (files, after) => {
        const tree = new ListedTree(files);
        const expected = tree.all.filter((path) => comparePaths(path, after) > 0);
        expect(await pathsOf(walkTree('/', tree.list, { after }))).toEqual(expected);
      }),
    );
  });

  it('lists only directories that can hold something after the hint', async () => {
    const tree = new ListedTree(['/a/x/1', '/a/y/1', '/a/z/1', '/b/1', '/c/d/1']);
    expect(await pathsOf(walkTree('/', tree.list, { after: '/a/y/5' }))).toEqual([
      '/a/z',
      '/a/z/1',
      '/b',
      '/b/1',
      '/c',
      '/c/d',
      '/c/d/1',
    ]);
    expect(tree.listed).toEqual(['/a/y/5', '/a/y', '/a', '/a/z', '/', '/b', '/c', '/c/d']);
  });

  it('lists nothing before it is asked for something, nor after it is left', async () => {
    const tree = new ListedTree(['/a/x/1', '/a/x/2', '/b/1']);
    const walk = walkTree('/', tree.list);
    expect(tree.listed).toEqual([]);
    for await (const { path } of walk) if (path === '/a/x/1') break;
    expect(tree.listed).toEqual(['/', '/a', '/a/x']);
    expect(tree.open).toBe(0);
  });

  it('never lists what is no path, however long the hint', async () => {
    const tree = new ListedTree(['/a/b']);
    for (const after of ['/a/../../etc', '/a//b', `/a/${'x/'.repeat(100_000)}`, '/a/\0']) {
      await pathsOf(walkTree('/', tree.list, { after }));
    }
    for (const directory of tree.listed) expect(directory).toMatch(/^\/$|^(?:\/\w+)+$/);
    expect(tree.listed.length).toBeLessThan(5000);
  });

  it('goes as deep as a path can without growing the stack', async () => {
    const deep = '/d'.repeat(2000);
    const tree = new ListedTree([deep]);
    expect((await pathsOf(walkTree('/', tree.list))).length).toBe(2000);
  });

  it('fails with any other failure, and closes what is open', async () => {
    const tree = new ListedTree(['/a/b/c']);
    const list: ListDirectory = (directory, after) => {
      if (directory === '/a/b') throw failure('FAILED', directory);
      return tree.list(directory, after);
    };
    await expect(pathsOf(walkTree('/', list))).rejects.toMatchObject({ code: 'FAILED' });
    expect(tree.open).toBe(0);
  });
});
