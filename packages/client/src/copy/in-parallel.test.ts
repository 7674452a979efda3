import { describe, expect, it } from 'vitest';
import { inParallel } from './in-parallel.ts';

describe('work in parallel', () => {
  it('is done for each item, so many at a time', async () => {
    let [running, most] = [0, 0];
    const done: number[] = [];
    await inParallel(
      [1, 2, 3, 4, 5, 6, 7],
      async (item) => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        done.push(item);
        running--;
      },
      { concurrency: 3 },
    );
    expect(new Set(done)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
    expect(most).toBe(3);
  });

  it('tells the first failure when all have ended, and begins no more', async () => {
    const ended: number[] = [];
    const failure = new Error('the second');
    const work = inParallel(
      [1, 2, 3],
      async (item, signal) => {
        if (item === 2) throw failure;
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => setImmediate(resolve), { once: true });
        });
        ended.push(item);
        throw new Error('stopped');
      },
      { concurrency: 2 },
    );
    await expect(work).rejects.toBe(failure);
    expect(ended).toEqual([1]);
  });

  it('ends with the reason of the signal', async () => {
    const reason = new Error('enough');
    const stop = new AbortController();
    const begun: number[] = [];
    const work = inParallel(
      [1, 2, 3],
      async (item) => {
        begun.push(item);
        stop.abort(reason);
      },
      { concurrency: 1, signal: stop.signal },
    );
    await expect(work).rejects.toBe(reason);
    expect(begun).toEqual([1]);
  });
});
