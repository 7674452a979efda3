import { describe, expect, it } from 'vitest';
import { Exclusive } from './exclusive.ts';

describe('Exclusive', () => {
  it('gives a key to one holder at a time, in the order of asking', async () => {
    const exclusive = new Exclusive();
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3].map(async (number) => {
        const release = await exclusive.acquire('key');
        order.push(number);
        await Promise.resolve();
        order.push(number);
        release();
      }),
    );
    expect(order).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it('lets different keys be held at once', async () => {
    const exclusive = new Exclusive();
    await exclusive.acquire('first');
    const release = await exclusive.acquire('second');
    expect(release).toBeTypeOf('function');
  });

  it('passes over who stopped waiting, and keeps the others in line', async () => {
    const exclusive = new Exclusive();
    const release = await exclusive.acquire('key');
    const controller = new AbortController();
    const impatient = exclusive.acquire('key', { signal: controller.signal });
    const patient = exclusive.acquire('key');
    controller.abort(new Error('gone'));
    await expect(impatient).rejects.toThrow('gone');
    release();
    (await patient)();
    (await exclusive.acquire('key'))();
  });

  it('does not wait when it is told so beforehand', async () => {
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(new Exclusive().acquire('key', { signal })).rejects.toThrow('gone');
  });
});
