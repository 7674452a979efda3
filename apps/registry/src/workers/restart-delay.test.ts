import { expect, it } from 'vitest';
import { restartDelayMs } from './restart-delay.ts';

it('doubles from 0.1 s, and ends at 30 s', () => {
  expect([0, 1, 2, 3].map(restartDelayMs)).toEqual([100, 200, 400, 800]);
  expect([9, 30, 5000].map(restartDelayMs)).toEqual([30_000, 30_000, 30_000]);
});
