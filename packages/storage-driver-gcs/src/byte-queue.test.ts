import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from './byte-queue.ts';

describe('a queue of bytes', () => {
  it('gives what was put in, first in, first out, however it is cut', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 9 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(12), { maxLength: 20 }), (chunks, takes) => {
        const queue = new ByteQueue();
        for (const chunk of chunks) queue.push(chunk);
        let left = Buffer.concat(chunks);
        for (const length of takes) {
          expect(Buffer.concat(queue.peek(length))).toEqual(left.subarray(0, length));
          queue.drop(length);
          left = left.subarray(length);
          expect(queue.size).toBe(left.byteLength);
        }
        expect(Buffer.concat(queue.peek(Infinity))).toEqual(left);
      }),
    );
  });
});
