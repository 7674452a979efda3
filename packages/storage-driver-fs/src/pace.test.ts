import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

const KIBIBYTE = 1024;

/** Chunk sizes in KiB for a consumer that needs these milliseconds, one chunk after the other. */
function sizesFor(times: readonly number[]): number[] {
  const pace = new Pace();
  const next = () => pace.size / KIBIBYTE;
  return [
    next(),
    ...times.map((ms) => {
      pace.used({ bytes: pace.size, ms });
      return next();
    }),
  ];
}

describe('the size of chunks', () => {
  it.each([
    ['grows at once for a quick consumer', [1, 1], [8, 512, 512]],
    ['stays small for a slow consumer', [40, 40], [8, 8, 8]],
    ['is 64 KiB for a consumer of 1 MiB/s', [8, 64, 64], [8, 64, 64, 64]],
    ['shrinks when a chunk takes long', [1, 300], [8, 512, 64]],
    ['is the smallest after a stall', [1, 501, 501], [8, 512, 8, 8]],
  ])('%s', (_what, times, sizes) => {
    expect(sizesFor(times)).toEqual(sizes);
  });
});

describe('reading ahead', () => {
  it('starts after the first quick chunk and stops after a slow one', () => {
    const pace = new Pace();
    expect(pace.keepsUp).toBe(false);
    pace.used({ bytes: pace.size, ms: 5 });
    expect(pace.keepsUp).toBe(true);
    pace.used({ bytes: pace.size, ms: 300 });
    expect(pace.keepsUp).toBe(false);
  });
});
