import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, isGlob } from './glob.ts';

describe('a glob', () => {
  it.each([
    ['team/app', 'team/app', true],
    ['team/app', 'team/apps', false],
    ['team/*', 'team/app', true],
    ['team/*', 'team/', true],
    ['team/*', 'team/app/web', false],
    ['team/*', 'team', false],
    ['team/**', 'team/app/web', true],
    ['team/**', 'team', false],
    ['**', 'a/b/c', true],
    ['*', 'a/b', false],
    ['**/app', 'x/y/app', true],
    ['**/app', 'app', false],
    ['*-prod', 'web-prod', true],
    ['a*b*c', 'aXbXc', true],
    ['a.c', 'abc', false],
    ['a**c', 'a/b/c', true],
  ])('%s and %s: %j', (glob, name, expected) => {
    expect(compileGlob(glob)(name)).toBe(expected);
  });

  it.each(['', 'Team/*', 'a?', '[a]', 'a b', '{a,b}', '***', 'a'.repeat(256)])(
    'is not %j',
    (text) => {
      expect(isGlob(text)).toBe(false);
      expect(() => compileGlob(text)).toThrow(TypeError);
    },
  );

  it('fits what a regular expression fits that says the same', () => {
    const pieces = fc.constantFrom('a', 'b', '/', '.', '*', '**');
    const names = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 12 });
    const globs = fc.array(pieces, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(globs.filter(isGlob), names, (glob, name) => {
        const source = glob.replace(/\*\*|[*.]/g, (found) =>
          found === '**' ? '.*' : found === '*' ? '[^/]*' : '\\.',
        );
        expect(compileGlob(glob)(name)).toBe(new RegExp(`^${source}$`).test(name));
      }),
    );
  });

  // A regular expression would try more ways than there are atoms.
  it('does not go back over what it has read', () => {
    const glob = compileGlob(`${'*a'.repeat(100)}b`);
    expect(glob('a'.repeat(255))).toBe(false);
    expect(compileGlob('**a'.repeat(80))('a'.repeat(255))).toBe(true);
  });
});
