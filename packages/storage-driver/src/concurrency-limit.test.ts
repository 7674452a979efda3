import { describe, expect, it } from 'vitest';
import { ConcurrencyLimit } from './concurrency-limit.ts';

/** Work that ends when it is told to, and notes when it begins. */
class Works {
  readonly begun: number[] = [];
  readonly #ends = new Map<number, PromiseWithResolvers<number>>();

  readonly start = (id: number) => () => {
    this.begun.push(id);
    const end = Promise.withResolvers<number>();
    this.#ends.set(id, end);
    return end.promise;
  };

  end(id: number): void {
    this.#ends.get(id)?.resolve(id);
  }

  fail(id: number, error: Error): void {
    this.#ends.get(id)?.reject(error);
  }
}

describe('ConcurrencyLimit', () => {
  it('lets as many work at once as it is told, the others in their order', async () => {
    const limit = new ConcurrencyLimit(2);
    const works = new Works();
    const runs = [1, 2, 3, 4].map((id) => limit.run(works.start(id)));
    expect(works.begun).toEqual([1, 2]);
    works.end(2);
    await runs[1];
    expect(works.begun).toEqual([1, 2, 3]);
    works.end(3);
    await runs[2];
    works.end(1);
    works.end(4);
    expect(await Promise.all(runs)).toEqual([1, 2, 3, 4]);
    expect(works.begun).toEqual([1, 2, 3, 4]);
  });

  it('gives the place of a failed work to the next', async () => {
    const limit = new ConcurrencyLimit(1);
    const works = new Works();
    const first = limit.run(works.start(1));
    const second = limit.run(works.start(2));
    works.fail(1, new Error('it failed'));
    await expect(first).rejects.toThrow('it failed');
    works.end(2);
    expect(await second).toBe(2);
    expect(await limit.run(async () => 3)).toBe(3);
  });

  it('lets go of one that is aborted while it waits, and of its place in the order', async () => {
    const limit = new ConcurrencyLimit(1);
    const works = new Works();
    const controller = new AbortController();
    const first = limit.run(works.start(1));
    const second = limit.run(works.start(2), controller.signal);
    const third = limit.run(works.start(3));
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    works.end(1);
    await first;
    works.end(3);
    expect(await third).toBe(3);
    expect(works.begun).toEqual([1, 3]);
  });

  it('does not wait with a signal that was aborted before', async () => {
    const limit = new ConcurrencyLimit(1);
    const works = new Works();
    const first = limit.run(works.start(1));
    const reason = new Error('too late');
    await expect(limit.run(works.start(2), AbortSignal.abort(reason))).rejects.toBe(reason);
    works.end(1);
    expect(await first).toBe(1);
  });

  it('leaves work that has begun to its own signal', async () => {
    const limit = new ConcurrencyLimit(1);
    const works = new Works();
    const controller = new AbortController();
    const holder = limit.run(works.start(1));
    const waiter = limit.run(works.start(2), controller.signal);
    works.end(1);
    await holder;
    controller.abort();
    works.end(2);
    expect(await waiter).toBe(2);
  });
});
