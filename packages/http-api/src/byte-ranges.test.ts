import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { RegistryError, type ByteRange } from '@purser/core';
import { requestedRanges } from './byte-ranges.ts';

/** True if the ranges lie inside the blob and sum to at most its size, or are absent, or are refused for the right reason. */
function isSound(text: string, size: number): boolean {
  try {
    const ranges = requestedRanges({ range: `bytes=${text}` }, { size, etag: '"x"' });
    if (ranges === undefined) return true;
    const isInside = ({ start, end }: ByteRange) => start >= 0 && start <= end && end < size;
    return ranges.length > 0 && ranges.every(isInside) && sumOf(ranges) <= size;
  } catch (error) {
    return RegistryError.is(error, 'RANGE_UNSATISFIABLE');
  }
}

function sumOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0);
}

describe('requestedRanges', () => {
  it('lies inside the blob, is refused, or is absent, for any text', () => {
    const one = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[0-9]{0,20}-[0-9]{0,20}$/),
      fc.stringMatching(/^ ?[0-9]{0,4}-[0-9]{0,4} ?$/),
    );
    const texts = fc.array(one, { maxLength: 5 }).map((parts) => parts.join(','));
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
        expect(requestedRanges(headers, { size: 5001, etag: '' })).toEqual([{ start, end }]);
      }),
    );
  });
});
