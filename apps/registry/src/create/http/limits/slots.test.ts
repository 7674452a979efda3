import { describe, expect, it, vi } from 'vitest';
import { Slots } from './slots.ts';

const never = new AbortController().signal;
const slotsOf = (options: { places?: number; queue?: number; waitMs?: number } = {}) =>
  new Slots({ places: 1, queue: 2, waitMs: 60_000, key: 'http.limits.requests', ...options });

describe('places', () => {
  it('are taken without a wait while there are some', () => {
    const slots = slotsOf({ places: 2 });
    expect([slots.take(never), slots.take(never)]).toEqual([undefined, undefined]);
    slots.release();
    expect(slots.take(never)).toBeUndefined();
    expect(slots.taken).toBe(2);
  });

  it('go to who has waited for longest', async () => {
    const slots = slotsOf();
    void slots.take(never);
    const order: string[] = [];
    const waits = ['first', 'second'].map(async (name) => {
      await slots.take(never);
      order.push(name);
    });
    expect(slots.waiting).toBe(2);
    slots.release();
    await vi.waitFor(() => expect(order).toEqual(['first']));
    slots.release();
    await Promise.all(waits);
    expect(order).toEqual(['first', 'second']);
    slots.release();
    expect(slots.taken).toBe(0);
  });

  it('are refused to who finds the queue full', () => {
    const slots = slotsOf({ queue: 0 });
    void slots.take(never);
    expect(() => slots.take(never)).toThrow('http.limits.requests decides');
    expect(() => slots.take(never)).toThrow(expect.objectContaining({ code: 'TOOMANYREQUESTS' }));
  });

  it('are refused to who has waited for too long, and the place is not lost', async () => {
    const slots = slotsOf({ waitMs: 5 });
    void slots.take(never);
    await expect(slots.take(never)).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' });
    expect(slots.waiting).toBe(0);
    slots.release();
    expect(slots.taken).toBe(0);
  });

  it('are not given to who has left', async () => {
    const slots = slotsOf();
    void slots.take(never);
    const departure = new AbortController();
    const left = slots.take(departure.signal);
    const stays = slots.take(never);
    departure.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    slots.release();
    await stays;
    expect(slots.taken).toBe(1);
  });
});
