import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isPathComponent,
  isRepositoryName,
  MAXIMUM_NAME_LENGTH,
  parseRepositoryName,
} from './repository-name.ts';

/** OCI distribution-spec, "Pulling manifests"; here only for short names, for it back-tracks. */
const GRAMMAR =
  /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;

describe('parseRepositoryName', () => {
  it.each([
    'a',
    '0',
    'library/debian',
    'a/b/c/d/e/f',
    'a.b/c_d/e__f/g-h/i--j/k-----l',
    'registry.example/team/app',
    'blobs/uploads/manifests/tags/list/referrers',
    'a_b.c-d__e',
    'a'.repeat(255),
    'a/'.repeat(127) + 'a',
  ])('reads %s', (text) => {
    expect(parseRepositoryName(text)).toBe(text);
    expect(isRepositoryName(text)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['one slash', '/'],
    ['a slash before it', '/a'],
    ['a slash after it', 'a/'],
    ['two slashes together', 'a//b'],
    ['upper case', 'Library/debian'],
    ['a dot before it', '.a'],
    ['a dot after it', 'a.'],
    ['a dash before a component', 'a/-b'],
    ['a dash after a component', 'a-/b'],
    ['two dots together', 'a..b'],
    ['three underscores', 'a___b'],
    ['a dot and a dash together', 'a.-b'],
    ['an underscore and a dash together', 'a_-b'],
    ['a component of dots', 'a/../b'],
    ['a component of one dot', 'a/./b'],
    ['an underscore before it, as the layout of storage has', '_manifests'],
    ['a port', 'localhost:5000/a'],
    ['a tag', 'a:b'],
    ['a space', 'a b'],
    ['a line break after it', 'a\n'],
    ['a NUL', 'a\0b'],
    ['a back-slash', 'a\\b'],
    ['an encoded slash', 'a%2fb'],
    ['a letter outside ASCII', 'é'],
    ['a digit outside ASCII', '１'],
    ['256 characters', 'a'.repeat(256)],
  ])('refuses %s', (_name, text) => {
    expect(() => parseRepositoryName(text)).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID' }),
    );
    expect(isRepositoryName(text)).toBe(false);
  });

  it('says so when a name is too long, and repeats no more than its bound', () => {
    expect(() => parseRepositoryName('a'.repeat(100_000))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('255'),
        detail: { name: 'a'.repeat(MAXIMUM_NAME_LENGTH) },
      }),
    );
  });

  it('agrees with the grammar of the specification', () => {
    const nearly = fc.string({
      unit: fc.constantFrom('a', '0', '.', '_', '-', '/', 'A', ' '),
      maxLength: 12,
    });
    fc.assert(
      fc.property(nearly, (text) => {
        expect(isRepositoryName(text)).toBe(GRAMMAR.test(text));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('hostile names of 100 kB', () => {
  it.each([
    ['letters', 'a'.repeat(100_000)],
    ['dashes between letters', 'a-'.repeat(50_000)],
    ['dashes alone', `a${'-'.repeat(100_000)}`],
    ['underscores', `a${'_'.repeat(100_000)}!`],
    ['slashes', '/'.repeat(100_000)],
    ['components', `${'a/'.repeat(50_000)}!`],
    ['all separators', `${'a.b_c__d-'.repeat(11_000)}!`],
  ])('are refused within a second: %s', (_name, text) => {
    const start = performance.now();
    expect(isRepositoryName(text)).toBe(false);
    expect(() => parseRepositoryName(text)).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID' }),
    );
    isPathComponent(text);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('isPathComponent', () => {
  it('knows a component from a name', () => {
    expect(isPathComponent('debian')).toBe(true);
    expect(isPathComponent('a__b--c')).toBe(true);
    expect(isPathComponent('library/debian')).toBe(false);
    expect(isPathComponent('')).toBe(false);
  });
});
