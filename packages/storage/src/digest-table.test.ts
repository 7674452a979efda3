import { digestOf, type Digest } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { DigestTable } from './digest-table.ts';

const digest = (index: number) => digestOf(Buffer.from(String(index)));
const sha512 = (index: number) => digestOf(Buffer.from(String(index)), 'sha512');

describe('a table of digests', () => {
  it('numbers digests in the order in which they come, and finds them again', () => {
    const table = new DigestTable();
    const all = Array.from({ length: 20_000 }, (_, index) => digest(index));
    expect(all.map((one) => table.add(one))).toEqual(all.map((_, index) => index));
    expect(all.map((one) => table.add(one))).toEqual(all.map((_, index) => index));
    expect(all.map((one) => table.find(one))).toEqual(all.map((_, index) => index));
    expect([...table]).toEqual(all);
    expect(table.find(digest(20_000))).toBeUndefined();
  });

  it('keeps digests of other algorithms, and texts that only look like a digest', () => {
    const table = new DigestTable();
    const odd = 'sha256:ABC' as Digest;
    const zero = `sha256:${'0'.repeat(64)}` as Digest;
    const all = [sha512(1), digest(1), odd, sha512(2), digest(2)];
    for (const one of all) table.add(one);
    for (let index = 3; index < 5000; index++) table.add(digest(index));
    expect(all.map((one) => table.find(one))).toEqual([0, 1, 2, 3, 4]);
    expect(all.map((_, number) => table.at(number))).toEqual(all);
    expect(table.find(zero)).toBeUndefined();
    expect(table.size).toBe(5002);
  });

  it('finds digests quickly that differ in a few characters of a client’s choice', () => {
    const table = new DigestTable();
    const startedAt = process.cpuUsage();
    for (let index = 0; index < 200_000; index++) {
      const middle = index.toString(16).padStart(6, '0');
      table.add(`sha256:${'a'.repeat(29)}${middle}${'b'.repeat(29)}` as Digest);
    }
    expect(table.size).toBe(200_000);
    // One place for all of them would take hours.
    expect(process.cpuUsage(startedAt).user).toBeLessThan(20_000_000);
  });

  it('takes less than 60 bytes for a sha256', () => {
    const before = process.memoryUsage().arrayBuffers;
    const table = new DigestTable();
    for (let index = 0; index < 200_000; index++) table.add(digest(index));
    const after = process.memoryUsage().arrayBuffers;
    // Indexes that were outgrown may wait for their collection.
    expect((after - before) / table.size).toBeLessThan(60);
  });
});
