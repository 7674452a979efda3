import { compareNames, comparePaths } from '@purser/storage-driver';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryBucket } from './fixtures/memory-bucket.ts';
import { listChildren } from './listing.ts';
import { walkObjects } from './walk.ts';

/** Names that begin like one another, with all that sorts before and after a slash. */
const name = fc
  .array(fc.constantFrom('a', 'b', '-', '.', '0'), { minLength: 1, maxLength: 4 })
  .map((letters) => letters.join(''))
  .filter((text) => text !== '.' && text !== '..');

/** Trees without a file where a directory is. */
const tree = fc
  .uniqueArray(fc.array(name, { minLength: 1, maxLength: 3 }), {
    selector: (names) => names.join('/'),
    maxLength: 40,
  })
  .map((paths) => paths.map((names) => names.join('/')))
  .map((keys) => keys.filter((key) => !keys.some((other) => other.startsWith(`${key}/`))));

const pageSize = fc.integer({ min: 1, max: 7 });

function directoryOf(bucket: MemoryBucket) {
  return { bucket, prefix: 'root/', pathPrefix: '/' };
}

async function listAll(bucket: MemoryBucket, after?: string): Promise<[string, boolean][]> {
  const found: [string, boolean][] = [];
  const pages = listChildren(directoryOf(bucket), { signal: undefined, after });
  for await (const page of pages) {
    found.push(...page.map((entry): [string, boolean] => [entry.name, entry.isDirectory]));
  }
  return found;
}

async function walkAll(bucket: MemoryBucket): Promise<string[]> {
  const found: string[] = [];
  const walkAfter = () => expect.unreachable();
  const walk = walkObjects(directoryOf(bucket), { signal: undefined, walkAfter });
  for await (const { path, isDirectory } of walk) found.push(isDirectory ? `${path}/` : path);
  return found;
}

describe('a listing in pages of any size', () => {
  it('gives every child once, in byte order of the names', async () => {
    await fc.assert(
      fc.asyncProperty(
        tree,
        pageSize,
        fc.option(name, { nil: undefined }),
        async (keys, size, after) => {
          const bucket = new MemoryBucket(['root/z', ...keys.map((key) => `root/${key}`)], size);
          const children = new Map(
            ['z', ...keys].map((key) => [key.split('/')[0]!, key.includes('/')]),
          );
          const expected = [...children]
            .filter(([child]) => after === undefined || compareNames(child, after) > 0)
            .sort(([a], [b]) => compareNames(a, b));
          expect(await listAll(bucket, after)).toEqual(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('asks once for what a page may be missing, however many names begin so', async () => {
    const keys = Array.from({ length: 100 }, (_, index) => `root/build-${100 + index}`);
    const bucket = new MemoryBucket([...keys, 'root/build/file'], 10);
    expect((await listAll(bucket)).slice(0, 2)).toEqual([
      ['build', true],
      ['build-100', false],
    ]);
    expect(bucket.listCount).toBe(12);
  });
});

describe('a walk of a whole tree', () => {
  it('gives every directory and file once, in the order of a walk', async () => {
    await fc.assert(
      fc.asyncProperty(tree, pageSize, async (keys, size) => {
        const paths = ['/z', ...keys.map((key) => `/${key}`)];
        const bucket = new MemoryBucket(
          paths.map((path) => `root${path}`),
          size,
        );
        const directories = new Set(
          paths.flatMap((path) =>
            Array.from(path.slice(1).matchAll(/\//g), ({ index }) => path.slice(0, index + 1)),
          ),
        );
        const expected = [...paths, ...directories]
          .sort(comparePaths)
          .map((path) => (directories.has(path) ? `${path}/` : path));
        expect(await walkAll(bucket)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes an empty page for no end', async () => {
    const bucket = new MemoryBucket(['root/a-b', 'root/a/file', 'root/z'], 1);
    const list = bucket.list.bind(bucket);
    // Before each page comes an empty one.
    bucket.list = async ({ pageToken, ...query }) =>
      pageToken === undefined || !pageToken.endsWith('!')
        ? { keys: [], prefixes: [], nextPageToken: `${pageToken ?? ''}!` }
        : list({ ...query, pageToken: pageToken.slice(0, -1) });
    expect(await walkAll(bucket)).toEqual(['/a/', '/a/file', '/a-b', '/z']);
  });

  it('goes on directory by directory when too much would have to be held', async () => {
    const keys = Array.from({ length: 11_000 }, (_, index) => `root/a-${index}/file`);
    const bucket = new MemoryBucket(['root/0', ...keys, 'root/a/file'], 1000);
    const asked: string[] = [];
    const found: string[] = [];
    const walk = walkObjects(directoryOf(bucket), {
      signal: undefined,
      async *walkAfter(path) {
        asked.push(path);
        yield { name: 'a', path: '/a', isDirectory: true };
      },
    });
    for await (const { path } of walk) found.push(path);
    expect(asked).toEqual(['/0']);
    expect(found).toEqual(['/0', '/a']);
  });
});
