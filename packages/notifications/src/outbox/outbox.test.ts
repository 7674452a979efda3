import { appendFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultyFiles } from '../fixtures/faulty-files.ts';
import { numbersOf, sampleNotification } from '../fixtures/notifications.ts';
import { openOutbox, takenBy } from '../fixtures/open-outbox.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { outboxLayout } from './layout.ts';

/** The names of what holds events, the oldest first. */
async function segmentsIn(directory: string): Promise<readonly string[]> {
  const { events } = outboxLayout(directory).directories;
  return (await readdir(events)).toSorted().map((name) => join(events, name));
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe('an outbox', () => {
  it('delivers every event to every endpoint in the order of acceptance', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a', 'b']);
    await opened.write(...range(1, 300));
    await opened.drain();
    expect(numbersOf(takenBy(opened, 'a'))).toEqual(range(1, 300));
    expect(takenBy(opened, 'b')).toEqual(range(1, 300).map((number) => sampleNotification(number)));
  });

  it('delivers what comes while it delivers', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a']);
    const running = opened.outbox.run(new AbortController().signal);
    for (const number of range(1, 20)) {
      await opened.write(number);
      await opened.sinks.get('a')?.until(number);
    }
    opened.outbox.finish();
    await running;
    await opened.leave();
    expect(numbersOf(takenBy(opened, 'a'))).toEqual(range(1, 20));
  });

  it('delivers after a restart what was accepted before, and only what had not arrived', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await openOutbox(directory.path, ['a']);
    await first.write(1, 2, 3);
    await first.drain();
    const second = await openOutbox(directory.path, ['a']);
    await second.write(4, 5);
    await second.leave();
    const third = await openOutbox(directory.path, ['a']);
    expect(third.outbox.pending('a')).toBe(2);
    await third.write(6);
    await third.drain();
    expect(numbersOf(takenBy(third, 'a'))).toEqual([4, 5, 6]);
  });

  it('does not let an endpoint that hangs hold up another', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a', 'b']);
    opened.sinks.get('a')?.hang();
    const controller = new AbortController();
    const running = opened.outbox.run(controller.signal);
    await opened.write(1, 2, 3);
    await opened.sinks.get('b')?.until(3);
    controller.abort();
    await running;
    await opened.leave();
    expect(takenBy(opened, 'a')).toEqual([]);
    const again = await openOutbox(directory.path, ['a', 'b']);
    await again.drain();
    expect(numbersOf(takenBy(again, 'a'))).toEqual([1, 2, 3]);
    expect(takenBy(again, 'b')).toEqual([]);
  });

  it('begins at the present for a new endpoint', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await openOutbox(directory.path, ['a']);
    await first.write(1, 2);
    await first.leave();
    const second = await openOutbox(directory.path, ['a', 'b']);
    await second.write(3);
    await second.drain();
    expect(numbersOf(takenBy(second, 'a'))).toEqual([1, 2, 3]);
    expect(numbersOf(takenBy(second, 'b'))).toEqual([3]);
  });

  it('begins at what is kept for an endpoint whose position is damaged', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await openOutbox(directory.path, ['a']);
    await first.write(1, 2);
    await first.drain();
    await writeFile(outboxLayout(directory.path).cursor('a'), '');
    const second = await openOutbox(directory.path, ['a']);
    await second.drain();
    expect(numbersOf(takenBy(second, 'a'))).toEqual([1, 2]);
    expect(second.reports).toEqual([]);
  });

  it('removes files that every endpoint has passed, and those that only a removed one had not', async () => {
    await using directory = await createTemporaryDirectory();
    const limits = { maximumEvents: 16 * 10 };
    const first = await openOutbox(directory.path, ['a', 'gone'], limits);
    for (const number of range(1, 100)) await first.write(number);
    await first.leave();
    expect((await segmentsIn(directory.path)).length).toBe(10);
    const second = await openOutbox(directory.path, ['a'], limits);
    await second.drain();
    expect(takenBy(second, 'a')).toHaveLength(100);
    expect(await segmentsIn(directory.path)).toHaveLength(1);
  });

  it('drops the oldest events beyond its bound of events, and says which endpoint missed how many', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a'], { maximumEvents: 32 });
    for (const number of range(1, 100)) await opened.write(number);
    expect(opened.outbox.pending('a')).toBe(100);
    await opened.drain();
    const taken = numbersOf(takenBy(opened, 'a'));
    const missed = 100 - taken.length;
    expect(taken).toEqual(range(missed + 1, 100));
    expect(taken.length).toBeLessThanOrEqual(33);
    expect(opened.reports).toContainEqual({
      kind: 'dropped',
      endpoint: 'a',
      events: missed,
      reason: 'overflow',
    });
    expect(opened.reports).toContainEqual(expect.objectContaining({ kind: 'outbox-full' }));
    const again = await openOutbox(directory.path, ['a']);
    expect(again.outbox.dropped('a')).toBe(missed);
    await again.leave();
  });

  it('drops those of a repository that takes most, and not those of others (event floods)', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a'], { maximumEvents: 32 });
    await opened.outbox.write(sampleNotification(0, { repository: 'quiet' }));
    for (const number of range(1, 100)) await opened.write(number);
    await opened.outbox.write(sampleNotification(101, { repository: 'quiet' }));
    await opened.drain();
    const taken = numbersOf(takenBy(opened, 'a'));
    expect([taken[0], taken.at(-1)]).toEqual([0, 101]);
    expect(taken.length).toBeLessThanOrEqual(32);
    const dropped = opened.reports.filter(({ kind }) => kind === 'dropped');
    expect(dropped).toHaveLength(102 - taken.length);
  });

  it('keeps its files below its bound of bytes, but for the last', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a'], { maximumBytes: 65_536 });
    for (const number of range(1, 400)) await opened.write(number);
    const paths = await segmentsIn(directory.path);
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(total).toBeLessThanOrEqual(65_536);
    expect(total).toBeGreaterThan(50_000);
    await opened.leave();
  });

  it('refuses bounds that are too small to be kept', async () => {
    await using directory = await createTemporaryDirectory();
    await expect(openOutbox(directory.path, ['a'], { maximumEvents: 15 })).rejects.toMatchObject({
      code: 'OUTBOX_UNUSABLE',
      cause: expect.any(TypeError),
    });
  });

  it('lets nobody else have its directory until it is closed', async () => {
    await using directory = await createTemporaryDirectory();
    const opened = await openOutbox(directory.path, ['a']);
    await expect(openOutbox(directory.path, ['a'])).rejects.toMatchObject({
      code: 'OUTBOX_IN_USE',
      directory: directory.path,
    });
    await opened.leave();
    await (await openOutbox(directory.path, ['a'])).leave();
  });

  it('says why it cannot be opened', async () => {
    await using directory = await createTemporaryDirectory();
    const path = join(directory.path, 'file');
    await writeFile(path, '');
    await expect(openOutbox(path, ['a'])).rejects.toMatchObject({
      code: 'OUTBOX_UNUSABLE',
      cause: expect.objectContaining({ code: 'ENOTDIR' }),
    });
  });
});

describe('after a crash', () => {
  it('keeps what is whole, wherever the last file was cut, and goes on behind it', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await openOutbox(directory.path, ['a']);
    await first.write(1, 2, 3);
    await first.leave();
    const [path = ''] = await segmentsIn(directory.path);
    const whole = await readFile(path);
    const cursor = await readFile(outboxLayout(directory.path).cursor('a'));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.byteLength }), async (length) => {
        await writeFile(path, whole.subarray(0, length));
        await writeFile(outboxLayout(directory.path).cursor('a'), cursor);
        const kept = whole.subarray(0, length).toString().split('\n').length - 1;
        const second = await openOutbox(directory.path, ['a']);
        await second.write(9);
        await second.drain();
        expect(numbersOf(takenBy(second, 'a'))).toEqual([...range(1, kept), 9]);
        const isTorn = length > 0 && whole[length - 1] !== 0x0a;
        expect(second.reports.map(({ kind }) => kind)).toEqual(isTorn ? ['outbox-cut'] : []);
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  it('passes over a damaged event, and says that it is missing', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await openOutbox(directory.path, ['a']);
    await first.write(1, 2, 3);
    await first.leave();
    const [path = ''] = await segmentsIn(directory.path);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('id-2', 'id-x'));
    const second = await openOutbox(directory.path, ['a']);
    await second.drain();
    expect(numbersOf(takenBy(second, 'a'))).toEqual([1, 3]);
    expect(second.reports).toEqual([
      { kind: 'dropped', endpoint: 'a', events: 1, reason: 'damage' },
    ]);
  });

  it('does not mind rubbish behind the last event, nor an empty last file', async () => {
    await using directory = await createTemporaryDirectory();
    const first = await openOutbox(directory.path, ['a']);
    await first.write(1);
    await first.leave();
    const [path = ''] = await segmentsIn(directory.path);
    await appendFile(path, Buffer.alloc(5000));
    const second = await openOutbox(directory.path, ['a']);
    await second.drain();
    expect(numbersOf(takenBy(second, 'a'))).toEqual([1]);
    await truncate(path, 0);
    const third = await openOutbox(directory.path, ['a']);
    await third.write(2);
    await third.drain();
    expect(numbersOf(takenBy(third, 'a'))).toEqual([2]);
  });
});

describe('while the disk is full', () => {
  it('delivers from memory, and loses nothing of what was accepted before', async () => {
    await using directory = await createTemporaryDirectory();
    const faulty = new FaultyFiles();
    const opened = await openOutbox(directory.path, ['a'], { files: faulty.files });
    await opened.write(1);
    faulty.space = 100;
    await opened.write(2, 3);
    await opened.drain();
    expect(numbersOf(takenBy(opened, 'a'))).toEqual([1, 2, 3]);
    expect(opened.reports.filter(({ kind }) => kind === 'outbox-failed')[0]).toMatchObject({
      operation: 'append',
      error: { code: 'ENOSPC' },
    });
  });

  it('writes what waited when there is room again, before what comes later', async () => {
    await using directory = await createTemporaryDirectory();
    const faulty = new FaultyFiles();
    const first = await openOutbox(directory.path, ['a'], { files: faulty.files });
    await first.write(1);
    faulty.space = 100;
    await first.write(2);
    await first.write(3);
    faulty.space = undefined;
    first.clock.advance(1000);
    await first.write(4);
    expect(first.reports.map(({ kind }) => kind)).toEqual(['outbox-failed', 'outbox-recovered']);
    await first.leave();
    const second = await openOutbox(directory.path, ['a']);
    await second.drain();
    expect(numbersOf(takenBy(second, 'a'))).toEqual([1, 2, 3, 4]);
    expect(second.reports).toEqual([]);
  });

  it('drops the oldest of what waits in memory beyond its bound', async () => {
    await using directory = await createTemporaryDirectory();
    const faulty = new FaultyFiles();
    const opened = await openOutbox(directory.path, ['a'], {
      files: faulty.files,
      memory: { maximumBytes: 1_000_000, maximumEvents: 2 },
    });
    faulty.space = 0;
    for (const number of range(1, 5)) await opened.write(number);
    await opened.drain();
    expect(numbersOf(takenBy(opened, 'a'))).toEqual([4, 5]);
    expect(opened.reports).toContainEqual({
      kind: 'dropped',
      endpoint: 'a',
      events: 3,
      reason: 'overflow',
    });
    const failures = opened.reports.filter(({ kind }) => kind === 'outbox-failed');
    expect(failures.map((report) => 'operation' in report && report.operation)).toEqual([
      'append',
      'save a position',
    ]);
  });
});
