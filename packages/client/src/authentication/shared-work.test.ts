import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { SharedWork } from './shared-work.ts';

describe('SharedWork', () => {
  it('is done once for all who ask at the same time, and anew for who asks later', async () => {
    const shared = new SharedWork<number>();
    let count = 0;
    const work = async () => {
      await setImmediate();
      return ++count;
    };
    const all = Array.from({ length: 10 }, () => shared.run('a', work));
    expect(new Set(await Promise.all(all))).toEqual(new Set([1]));
    expect(await shared.run('a', work)).toBe(2);
    expect(await Promise.all([shared.run('a', work), shared.run('b', work)])).toEqual([3, 4]);
  });

  it('fails for all who wait', async () => {
    const shared = new SharedWork<never>();
    const broken = new Error('broken');
    const all = [1, 2].map(() => failureOf(shared.run('a', () => Promise.reject(broken))));
    expect(await Promise.all(all)).toEqual([broken, broken]);
  });

  it('goes on while anyone waits, and ends with the last', async () => {
    const shared = new SharedWork<string>();
    const { promise, resolve } = Promise.withResolvers<string>();
    let end: AbortSignal | undefined;
    const work = (signal: AbortSignal) => {
      end = signal;
      return promise;
    };
    const [first, second] = [new AbortController(), new AbortController()];
    const left = failureOf(shared.run('a', work, first.signal));
    const staying = shared.run('a', work, second.signal);
    first.abort(new Error('gone'));
    expect((await left).message).toBe('gone');
    expect(end?.aborted).toBe(false);
    resolve('done');
    expect(await staying).toBe('done');
    const alone = new AbortController();
    const lone = failureOf(
      shared.run(
        'b',
        (signal) => {
          end = signal;
          return new Promise(() => {});
        },
        alone.signal,
      ),
    );
    alone.abort(new Error('gone'));
    await lone;
    expect(end?.aborted).toBe(true);
    expect(await shared.run('b', async () => 'anew')).toBe('anew');
  });
});
