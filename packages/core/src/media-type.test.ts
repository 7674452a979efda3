import { describe, expect, it } from 'vitest';
import { bareMediaType, isMediaType } from './media-type.ts';

describe('isMediaType', () => {
  it.each([
    'a/b',
    'application/vnd.oci.image.manifest.v1+json',
    'Application/JSON',
    '0/0',
    'x!#$&^_.+-/y!#$&^_.+-',
    `${'a'.repeat(127)}/${'b'.repeat(127)}`,
  ])('accepts %s', (text) => {
    expect(isMediaType(text)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['no subtype', 'text'],
    ['an empty subtype', 'text/'],
    ['an empty type', '/plain'],
    ['two slashes', 'a/b/c'],
    ['parameters', 'text/plain; charset=utf-8'],
    ['a wildcard', '*/*'],
    ['a space', 'a/b c'],
    ['a type that begins with a dot', '.a/b'],
    ['a subtype that begins with a plus', 'a/+json'],
    ['a type of 128 characters', `${'a'.repeat(128)}/b`],
    ['a subtype of 128 characters', `a/${'b'.repeat(128)}`],
    ['a line break after it', 'a/b\n'],
    ['a letter outside ASCII', 'a/é'],
  ])('refuses %s', (_name, text) => {
    expect(isMediaType(text)).toBe(false);
  });
});

describe('bareMediaType', () => {
  it.each([
    ['application/json', 'application/json'],
    ['application/json; charset=utf-8', 'application/json'],
    ['application/json;charset="a;b"; q=1', 'application/json'],
    ['  Application/JSON  ', 'application/json'],
    ['a/b;', 'a/b'],
  ])('takes %j for %s', (contentType, expected) => {
    expect(bareMediaType(contentType)).toBe(expected);
  });

  it.each([undefined, '', ';', ' ', 'json', '; charset=utf-8', 'a/b, c/d', '*/*'])(
    'finds none in %j',
    (contentType) => {
      expect(bareMediaType(contentType)).toBeUndefined();
    },
  );
});
