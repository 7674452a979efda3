import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareNames,
  comparePaths,
  faultOfPath,
  isFilePath,
  isPathName,
  joinPath,
  MAXIMUM_PATH_LENGTH,
  nameOfPath,
  parentOfPath,
} from './path.ts';

const name = fc
  .stringMatching(/^[A-Za-z0-9._-]{1,12}$/)
  .filter((text) => text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => joinPath('/', ...names));

/** The expression of distribution, storagedriver.go, `PathRegexp`. */
const DISTRIBUTION = /^(\/[A-Za-z0-9._-]+)+$/;

describe('the grammar of paths', () => {
  it('takes the paths that distribution takes, but for components that are dots', () => {
    const character = fc.constantFrom('/', '.', '-', '_', 'a', 'Z', '0', ' ', '\n', 'ä', '\\');
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
        const dots = text.split('/').some((part) => part === '.' || part === '..');
        expect(isFilePath(text)).toBe(DISTRIBUTION.test(text) && !dots);
      }),
      { numRuns: 2000 },
    );
  });

  it('tells a path that is too long from one that is malformed', () => {
    const longest = `/${'a'.repeat(MAXIMUM_PATH_LENGTH - 1)}`;
    expect(faultOfPath(longest)).toBeUndefined();
    expect(faultOfPath(`${longest}a`)).toBe('PATH_TOO_LONG');
    expect(faultOfPath('/')).toBe('PATH_INVALID');
    expect(faultOfPath('/a/..')).toBe('PATH_INVALID');
  });

  it('decides in linear time', () => {
    const started = performance.now();
    for (const text of [
      'a'.repeat(1e6),
      `/${'a'.repeat(1e6)}!`,
      '/a'.repeat(5e5),
      '/'.repeat(1e6),
    ]) {
      isFilePath(text);
      isPathName(text);
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('the parts of paths', () => {
  it('join to the path they came from', () => {
    fc.assert(
      fc.property(path, (text) => {
        expect(joinPath(parentOfPath(text), nameOfPath(text))).toBe(text);
      }),
    );
  });

  it('end at the root', () => {
    expect(parentOfPath('/a')).toBe('/');
    expect(parentOfPath('/')).toBe('/');
    expect(nameOfPath('/')).toBe('');
    expect(joinPath('/', 'a', 'b')).toBe('/a/b');
  });
});

describe('compareNames', () => {
  it('orders a name against any text by bytes', () => {
    fc.assert(
      fc.property(name, fc.string({ unit: 'binary' }), (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareNames(a, b))).toBe(expected);
        expect(Math.sign(compareNames(b, a))).toBe(0 - expected);
      }),
    );
  });
});

describe('comparePaths', () => {
  it('orders paths name by name', () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(compareNameByName(a, b));
      }),
    );
  });

  it('puts a directory and what is in it before its longer siblings', () => {
    const inOrder = ['/a', '/a/b', '/a/b/c', '/a-b', '/a.b', '/ab'];
    expect(inOrder.toReversed().sort(comparePaths)).toEqual(inOrder);
  });
});

function compareNameByName(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (part !== other) return Buffer.compare(Buffer.from(part), Buffer.from(other));
  }
  return left.length === right.length ? 0 : -1;
}
