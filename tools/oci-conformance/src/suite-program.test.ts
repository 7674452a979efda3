import { describe, expect, it } from 'vitest';
import { isGoNewEnough } from './suite-program.ts';

describe('isGoNewEnough', () => {
  it.each(['go1.24', 'go1.24.3', 'go1.26.8', 'go1.25rc1', 'devel go1.27-0a1b2c3', 'go2.0'])(
    'takes %s',
    (version) => {
      expect(isGoNewEnough(version)).toBe(true);
    },
  );

  it.each(['go1.9', 'go1.19.8', 'go1.23.12', '', 'something else'])('refuses %j', (version) => {
    expect(isGoNewEnough(version)).toBe(false);
  });
});
