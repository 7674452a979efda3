import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['30s', 30_000],
    ['1h30m', 5_400_000],
    ['2h45m', 9_900_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1.s', 1_000],
    ['300ms', 300],
    ['5us', 0.005],
    ['5µs', 0.005],
    ['-1s', -1_000],
    ['+1s', 1_000],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it('reads an integer as nanoseconds', () => {
    expect(parseDuration(30_000_000_000)).toBe(30_000);
  });

  it.each(['', '5', '5x', 's', '1d', '1s2', '1 s', ' 1s', '1e3s', '1.2.3s', '--1s'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('refuses a fraction of nanoseconds', () => {
    expect(parseDuration(0.5)).toBeUndefined();
  });

  it('refuses a very long text without taking long', () => {
    expect(parseDuration('1'.repeat(100_000))).toBeUndefined();
  });
});
