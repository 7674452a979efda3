import { describe, expect, it } from 'vitest';
import { numbersOf, sampleNotification } from '../fixtures/notifications.ts';
import { openOutbox, takenBy } from '../fixtures/open-outbox.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { redeliverDeadLetters } from './dead-letters.ts';

describe('dead letters', () => {
  it('are delivered again to their endpoint alone when that is asked for', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await openOutbox(directory.path, ['a', 'b']);
    for (const number of [1, 2]) await first.buries.get('a')?.(sampleNotification(number));
    await first.leave();
    expect(await redeliverDeadLetters({ directory: directory.path })).toBe(2);
    const second = await openOutbox(directory.path, ['a', 'b']);
    await second.write(3);
    const running = second.outbox.run(new AbortController().signal);
    await second.sinks.get('a')?.until(3);
    second.outbox.finish();
    await running;
    await second.leave();
    expect(numbersOf(takenBy(second, 'a'))).toEqual([3, 1, 2]);
    expect(takenBy(second, 'a')[1]).toEqual(sampleNotification(1));
    expect(numbersOf(takenBy(second, 'b'))).toEqual([3]);
    expect(second.reports).toEqual([{ kind: 'redelivering', endpoint: 'a', events: 2 }]);
    expect(await redeliverDeadLetters({ directory: directory.path })).toBe(0);
  });

  it('are found by an outbox that is at work', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a']);
    const running = opened.outbox.run(new AbortController().signal);
    await opened.clock.untilWaiting();
    await opened.buries.get('a')?.(sampleNotification(1));
    await redeliverDeadLetters({ directory: directory.path, endpoint: 'a' });
    opened.clock.advance(10_000);
    await opened.sinks.get('a')?.until(1);
    opened.outbox.finish();
    await running;
    await opened.leave();
    expect(numbersOf(takenBy(opened, 'a'))).toEqual([1]);
  });

  it('of other endpoints stay', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a', 'b']);
    await opened.buries.get('a')?.(sampleNotification(1));
    await opened.leave();
    const { path } = directory;
    expect(await redeliverDeadLetters({ directory: path, endpoint: 'b' })).toBe(0);
    expect(await redeliverDeadLetters({ directory: path, endpoint: 'a' })).toBe(1);
  });

  it('are bounded: the oldest go, and are reported', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a'], { maximumDeadLetterBytes: 4000 });
    for (let number = 1; number <= 40; number++) {
      await opened.buries.get('a')?.(sampleNotification(number));
    }
    await opened.leave();
    const dropped = opened.reports.reduce(
      (sum, report) => sum + (report.kind === 'dropped' ? report.events : 0),
      0,
    );
    const kept = await redeliverDeadLetters({ directory: directory.path });
    expect(kept + dropped).toBe(40);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(20);
  });

  it('are none where there is no outbox', async () => {
    await using directory = await createTemporaryDirectory();
    expect(await redeliverDeadLetters({ directory: `${directory.path}/none` })).toBe(0);
  });
});
