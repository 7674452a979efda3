import { describe, expect, it } from 'vitest';
import { closest } from './closest.ts';

describe('closest', () => {
  it.each([
    ['adr', 'addr'],
    ['adrd', 'addr'],
    ['ADDR', 'addr'],
    ['preffix', 'prefix'],
    ['relativurl', 'relativeurls'],
  ])('finds what %s was meant to be', (text, candidate) => {
    expect(closest(text, ['addr', 'net', 'prefix', 'relativeurls'])).toBe(candidate);
  });

  it.each(['', 'nothing', 'xy', 'n'])('finds nothing for %j', (text) => {
    expect(closest(text, ['addr', 'net', 'prefix'])).toBeUndefined();
  });
});
