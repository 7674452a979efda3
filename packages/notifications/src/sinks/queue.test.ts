import { describe, expect, it } from 'vitest';
import { numbersOf, sampleNotification } from '../fixtures/notifications.ts';
import { RecordingSink } from '../fixtures/recording-sink.ts';
import type { NotifierReport } from '../observer.ts';
import { Queue, type MemoryBounds } from './queue.ts';

function queueOf(bounds: Partial<MemoryBounds> = {}) {
  const sink = new RecordingSink();
  const reports: NotifierReport[] = [];
  const queue = new Queue(sink, {
    maximumBytes: 1_000_000,
    maximumEvents: 1000,
    endpoint: 'e',
    observer: (report) => void reports.push(report),
    ...bounds,
  });
  return { queue, sink, reports };
}

const { signal } = new AbortController();

describe('Queue', () => {
  it('passes on everything in its order, and ends when it is told that no more comes', async () => {
    const { queue, sink } = queueOf();
    const running = queue.run(signal);
    for (const number of [1, 2, 3]) await queue.write(sampleNotification(number));
    queue.finish();
    await running;
    expect(numbersOf(sink.taken)).toEqual([1, 2, 3]);
    expect(queue.size).toBe(0);
  });

  it('drops the oldest beyond so many events, and says how many', async () => {
    const { queue, sink, reports } = queueOf({ maximumEvents: 2 });
    for (const number of [1, 2, 3, 4]) await queue.write(sampleNotification(number));
    queue.finish();
    await queue.run(signal);
    expect(numbersOf(sink.taken)).toEqual([3, 4]);
    const dropped = { kind: 'dropped', endpoint: 'e', events: 1, reason: 'overflow' };
    expect(reports).toEqual([dropped, dropped]);
  });

  it('drops the oldest beyond so many bytes', async () => {
    const bytes = Buffer.byteLength(JSON.stringify(sampleNotification(1)));
    const { queue, sink } = queueOf({ maximumBytes: 2 * bytes });
    for (const number of [1, 2, 3]) await queue.write(sampleNotification(number));
    queue.finish();
    await queue.run(signal);
    expect(numbersOf(sink.taken)).toEqual([2, 3]);
  });

  it.each([{ maximumEvents: 4 }, { maximumBytes: 2000 }])(
    'drops those of the repository that takes most, and not those of others (event floods): %j',
    async (bounds) => {
      const { queue, sink } = queueOf(bounds);
      await queue.write(sampleNotification(1, { repository: 'quiet' }));
      for (let number = 2; number < 50; number++) await queue.write(sampleNotification(number));
      queue.finish();
      await queue.run(signal);
      const taken = numbersOf(sink.taken);
      expect([taken[0], taken.at(-1)]).toEqual([1, 49]);
      expect(taken.length).toBeLessThan(6);
    },
  );

  it('goes on after an event that was dropped while it was on its way', async () => {
    const { queue, sink } = queueOf({ maximumEvents: 1 });
    sink.hang();
    await queue.write(sampleNotification(1));
    const running = queue.run(signal);
    await queue.write(sampleNotification(2));
    sink.goOn();
    queue.finish();
    await running;
    expect(numbersOf(sink.taken)).toEqual([1, 2]);
  });

  it('keeps what was on its way when it is aborted', async () => {
    const { queue, sink } = queueOf();
    const controller = new AbortController();
    sink.hang();
    await queue.write(sampleNotification(1));
    const running = queue.run(controller.signal);
    controller.abort(new Error('closed'));
    await expect(running).rejects.toThrow('closed');
    expect(queue.size).toBe(1);
  });
});
