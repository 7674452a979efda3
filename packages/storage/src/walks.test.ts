import { describe, expect, it } from 'vitest';
import { Walks } from './walks.ts';

const LONG = 201;

/** Lets everything that waits for nothing else go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('costly requests: long walks', () => {
  it('run a few at a time, in the order of their arrival', async () => {
    const walks = new Walks({ places: 2 });
    const running: number[] = [];
    const all = Array.from({ length: 5 }, () => walks.begin());
    all.forEach((walk, index) => void walk.look(LONG).then(() => running.push(index)));
    await settle();
    expect(running).toEqual([0, 1]);
    all[0]![Symbol.dispose]();
    await settle();
    expect(running).toEqual([0, 1, 2]);
    for (const walk of all) walk[Symbol.dispose]();
    await settle();
    expect(running).toEqual([0, 1, 2, 3, 4]);
  });

  it('leave short walks alone', async () => {
    const walks = new Walks({ places: 1, queue: 0 });
    using long = walks.begin();
    await long.look(LONG);
    using short = walks.begin();
    for (let looked = 0; looked < 200; looked += 100) await short.look(100);
    await expect(short.look(1)).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' });
  });

  it('are refused when the queue is full', async () => {
    const walks = new Walks({ places: 1, queue: 1 });
    using first = walks.begin();
    await first.look(LONG);
    using second = walks.begin();
    const waiting = second.look(LONG);
    using third = walks.begin();
    await expect(third.look(LONG)).rejects.toMatchObject({
      code: 'TOOMANYREQUESTS',
      message: 'too many long searches in storage: retry later (limit: walks)',
    });
    first[Symbol.dispose]();
    await waiting;
  });

  it('leave the queue when their signal is aborted', async () => {
    const walks = new Walks({ places: 1, queue: 1 });
    using first = walks.begin();
    await first.look(LONG);
    const controller = new AbortController();
    using second = walks.begin({ signal: controller.signal });
    const waiting = second.look(LONG);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    using third = walks.begin();
    const next = third.look(LONG);
    first[Symbol.dispose]();
    await next;
    await expect(second.look(1)).rejects.toThrow('left');
  });
});
