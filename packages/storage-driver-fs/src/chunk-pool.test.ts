import { describe, expect, it } from 'vitest';
import { CHUNK_SIZES, ChunkPool } from './chunk-pool.ts';

const [SMALL, MEDIUM, LARGE] = CHUNK_SIZES;
const BUDGET = 4 * LARGE;

describe('a chunk pool', () => {
  it('gives the smallest buffer that holds the wanted bytes, and at most the largest', () => {
    const pool = new ChunkPool();
    for (const [wanted, size] of [
      [1, SMALL],
      [SMALL, SMALL],
      [SMALL + 1, MEDIUM],
      [MEDIUM + 1, LARGE],
      [9 * LARGE, LARGE],
    ] as const) {
      expect(pool.take(wanted).byteLength).toBe(size);
    }
  });

  it('gives smaller buffers beyond its budget, of which large ones leave a quarter', () => {
    const pool = new ChunkPool({ budgetBytes: BUDGET });
    const sizes = Array.from({ length: 20 }, () => pool.take(LARGE).byteLength);
    expect(sizes).toEqual([
      ...Array(3).fill(LARGE),
      ...Array(LARGE / MEDIUM).fill(MEDIUM),
      ...Array(20 - 3 - LARGE / MEDIUM).fill(SMALL),
    ]);
  });

  it('gives large buffers again when others are given back', () => {
    const pool = new ChunkPool({ budgetBytes: BUDGET });
    const taken = Array.from({ length: 40 }, () => pool.take(LARGE));
    for (const buffer of taken) pool.give(buffer);
    expect(pool.lentBytes).toBe(0);
    expect(pool.take(LARGE).byteLength).toBe(LARGE);
  });

  it('reuses buffers, but keeps a bounded number of unused bytes', () => {
    const pool = new ChunkPool({ idleBytes: LARGE + SMALL });
    const taken = [LARGE, LARGE, SMALL, SMALL].map((size) => pool.take(size));
    for (const buffer of taken) pool.give(buffer);
    expect(pool.idleBytes).toBe(LARGE + SMALL);
    expect([taken[0], taken[1]]).toContain(pool.take(LARGE));
    expect(pool.idleBytes).toBe(SMALL);
  });

  it('never reuses an abandoned buffer, and no longer counts it', () => {
    const pool = new ChunkPool();
    const abandoned = pool.take(SMALL);
    pool.abandon(abandoned);
    expect(pool.lentBytes).toBe(0);
    expect(pool.take(SMALL)).not.toBe(abandoned);
  });
});
