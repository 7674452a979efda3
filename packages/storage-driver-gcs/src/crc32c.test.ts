import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCrc32c, parseCrc32c, updateCrc32c } from './crc32c.ts';

describe('a CRC32C', () => {
  // RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
  it.each([
    [Buffer.alloc(0), 0],
    [Buffer.alloc(32), 0x8a9136aa],
    [Buffer.alloc(32, 0xff), 0x62a8ab43],
    [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    [Buffer.from('123456789'), 0xe3069283],
  ])('is that of the specification (%#)', (content, expected) => {
    expect(updateCrc32c(0, content)).toBe(expected);
  });

  it('does not depend on where the bytes are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (content, cut) => {
        const first = updateCrc32c(0, content.subarray(0, cut));
        expect(updateCrc32c(first, content.subarray(cut))).toBe(updateCrc32c(0, content));
      }),
    );
  });

  it('is read as it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (checksum) => {
        expect(parseCrc32c(formatCrc32c(checksum))).toBe(checksum);
      }),
    );
  });

  it.each([undefined, '', 'AAAA', 'AAAAAAAAAA=='])('is not read from %j', (text) => {
    expect(parseCrc32c(text)).toBeUndefined();
  });
});
