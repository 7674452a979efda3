import { describe, expect, it } from 'vitest';
import { checkText, credentialsOf, formatChallenge } from './challenge.ts';

describe('a challenge', () => {
  it('has no spaces after its commas, and leaves out what is not there', () => {
    const parameters = { realm: 'r', service: undefined, scope: 'a b' };
    expect(formatChallenge('Bearer', parameters)).toBe('Bearer realm="r",scope="a b"');
  });

  it('keeps quotes and backslashes inside its values', () => {
    expect(formatChallenge('Basic', { realm: 'a "b" \\ c' })).toBe(
      String.raw`Basic realm="a \"b\" \\ c"`,
    );
  });

  it.each(['', 'a\nb', 'a\0', 'ü', '\u2028'])('is not made of %j', (value) => {
    expect(() => checkText('realm', value)).toThrow(TypeError);
  });
});

describe('credentials', () => {
  it.each([
    ['basic', 'Basic abc', 'abc'],
    ['basic', 'bASIC  abc', 'abc'],
    ['bearer', 'BEARER a.b.c', 'a.b.c'],
    ['basic', 'Bearer abc', undefined],
    ['basic', 'Basic', undefined],
    ['basic', 'Basic ', undefined],
    ['basic', 'Basic a b', undefined],
    ['basic', 'Basicabc', undefined],
    ['bearer', undefined, undefined],
  ] as const)('of %s in %j are %j', (scheme, authorization, expected) => {
    expect(credentialsOf(scheme, authorization)).toBe(expected);
  });
});
