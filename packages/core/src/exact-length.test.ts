import { describe, expect, it } from 'vitest';
import { exactLength } from './exact-length.ts';

async function* chunks(...sizes: readonly number[]): AsyncIterable<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size);
}

/** Reads to the end, adding the size of each chunk to `passed` as it comes. */
async function read(content: AsyncIterable<Uint8Array>, passed: number[] = []): Promise<number[]> {
  for await (const chunk of content) passed.push(chunk.byteLength);
  return passed;
}

describe('exactLength', () => {
  it.each([
    ['in one chunk', 3, [3]],
    ['in several chunks', 6, [1, 2, 3]],
    ['with empty chunks', 1, [0, 1, 0]],
    ['when it is empty', 0, []],
    ['of any length when none is announced', undefined, [5, 5]],
  ])('passes content on %s', async (_name, length, sizes) => {
    expect(await read(exactLength(length, chunks(...sizes)))).toEqual(sizes);
  });

  it('fails at the end of content that is too short', async () => {
    const passed: number[] = [];
    await expect(read(exactLength(6, chunks(2, 3)), passed)).rejects.toMatchObject({
      code: 'SIZE_INVALID',
      detail: { length: 6 },
    });
    expect(passed).toEqual([2, 3]);
  });

  it('passes on no bytes beyond the length', async () => {
    const passed: number[] = [];
    await expect(read(exactLength(4, chunks(2, 3, 1)), passed)).rejects.toMatchObject({
      code: 'SIZE_INVALID',
    });
    expect(passed.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(4);
  });

  it('lets the failure of its content pass', async () => {
    const broken = new Error('connection lost');
    const content = (async function* () {
      yield new Uint8Array(1);
      throw broken;
    })();
    await expect(read(exactLength(5, content))).rejects.toBe(broken);
  });

  it('closes its content when the reader leaves early', async () => {
    let closed = false;
    const content = (async function* () {
      try {
        yield new Uint8Array(1);
        yield new Uint8Array(1);
      } finally {
        closed = true;
      }
    })();
    for await (const chunk of exactLength(2, content)) {
      expect(chunk).toHaveLength(1);
      break;
    }
    expect(closed).toBe(true);
  });
});
