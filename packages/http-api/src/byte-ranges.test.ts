import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { RegistryError } from '@purser/core';
import { requestedRange } from './byte-ranges.ts';

/** Whether a range lies inside the blob, is absent, or is refused for the right reason. */
function isSound(text: string, size: number): boolean {
  try {
    const range = requestedRange({ range: `bytes=${text}` }, { size, etag: '"x"' });
    return (
      range === undefined || (range.start <= range.end && range.end < size && range.start >= 0)
    );
  } catch (error) {
    return RegistryError.is(error, 'RANGE_UNSATISFIABLE');
  }
}

describe('requestedRange', () => {
  it('lies inside the blob, is refused, or is absent, for any text', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{0,20}-[0-9]{0,20}$/));
    fc.assert(
      fc.property(texts, fc.nat(5000), (text, size) => {
        expect(isSound(text, size)).toBe(true);
      }),
    );
  });

  it('gives back every range that lies inside the blob', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), (first, second) => {
        const [start, end] = [Math.min(first, second), Math.max(first, second)];
        const headers = { range: `bytes=${start}-${end}` };
        expect(requestedRange(headers, { size: 5001, etag: '' })).toEqual({ start, end });
      }),
    );
  });
});
