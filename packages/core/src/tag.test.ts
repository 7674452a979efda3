import { describe, expect, it } from 'vitest';
import { isTag, parseTag } from './tag.ts';

describe('parseTag', () => {
  it.each(['latest', 'a', '0', '_', 'V1.2-rc_3', '1..2', 'a-', 'a.', '_._', 'a'.repeat(128)])(
    'reads %s',
    (text) => {
      expect(parseTag(text)).toBe(text);
      expect(isTag(text)).toBe(true);
    },
  );

  it.each([
    ['nothing', ''],
    ['a dot before it', '.a'],
    ['a dash before it', '-a'],
    ['dots alone', '..'],
    ['129 characters', 'a'.repeat(129)],
    ['100 kB', 'a'.repeat(100_000)],
    ['a slash', 'a/b'],
    ['a colon', 'sha256:abc'],
    ['a space', 'a b'],
    ['a plus', '1.0+build'],
    ['a line break after it', 'a\n'],
    ['a NUL', 'a\0'],
    ['a letter outside ASCII', 'é'],
  ])('refuses %s', (_name, text) => {
    expect(() => parseTag(text)).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
    expect(isTag(text)).toBe(false);
  });

  it('repeats no more than 128 characters of what it refuses', () => {
    expect(() => parseTag('!'.repeat(1000))).toThrow(
      expect.objectContaining({ detail: { tag: '!'.repeat(128) } }),
    );
  });
});
