import { digestOf } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { VerifiedContent } from './verified-content.ts';

const [first, second, third] = ['1', '2', '3'].map((text) => digestOf(Buffer.from(text))) as [
  ReturnType<typeof digestOf>,
  ReturnType<typeof digestOf>,
  ReturnType<typeof digestOf>,
];

describe('verified content', () => {
  it('is remembered as far as there is room, what was asked for last the longest', () => {
    const verified = new VerifiedContent(2);
    verified.add(first);
    verified.add(second);
    expect(verified.has(first)).toBe(true);
    verified.add(third);
    expect([first, second, third].map((digest) => verified.has(digest))).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('is forgotten', () => {
    const verified = new VerifiedContent(2);
    verified.add(first);
    verified.forget(first);
    expect(verified.has(first)).toBe(false);
  });
});
