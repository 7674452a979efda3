import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { decodePath, splitTarget } from './request-target.ts';

describe('splitTarget', () => {
  it.each([
    ['/v2/', '/v2/', ''],
    ['/v2/?n=1&last=a', '/v2/', 'n=1&last=a'],
    ['/v2/??', '/v2/', '?'],
    ['/v2/#a?b', '/v2/', ''],
    ['/v2/?a#b', '/v2/', 'a'],
    ['http://host:1/v2/?a', '/v2/', 'a'],
    ['HTTPS://[/v2/', '/v2/', ''],
    ['http://host', '', ''],
    ['//host/v2/', '//host/v2/', ''],
    ['/a\\b', '/a\\b', ''],
    ['*', '*', ''],
    ['', '', ''],
  ])('splits %j', (target, path, query) => {
    expect(splitTarget(target)).toEqual({ path, query });
  });

  it('gives a path without a query or a fragment, for any text', () => {
    fc.assert(
      fc.property(fc.string(), (target) => {
        expect(splitTarget(target).path).not.toMatch(/[?#]/);
      }),
    );
  });
});

describe('decodePath', () => {
  it('decodes once', () => {
    expect(decodePath('/a%2Fb%252F+%C3%A9')).toBe('/a/b%2F+é');
  });

  it.each(['%', '%2', '%zz', '%FF', '%C3', '%ED%A0%80'])('refuses %s', (path) => {
    expect(() => decodePath(path)).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }));
  });

  it('reads back what was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodePath(encodeURIComponent(text))).toBe(text);
      }),
    );
  });
});
