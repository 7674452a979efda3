import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it, onTestFinished } from 'vitest';
import { observeCalls } from './fixtures/recording-driver.ts';
import { RecurringTask } from './recurring-task.ts';
import { SteppedClock } from './testing/stepped-clock.ts';

const INTERVAL = 1000;

function start(driver: StorageDriver, clock: SteppedClock, work: () => Promise<void>) {
  const failures: unknown[] = [];
  const task = new RecurringTask({
    driver,
    name: 'sample',
    intervalMs: INTERVAL,
    firstDelayMs: 100,
    work,
    onFailure: (error) => void failures.push(error),
    clock,
    now: () => clock.now(),
  });
  onTestFinished(() => task.stop());
  return { task, failures };
}

describe('a recurring task', () => {
  it('is done after the first delay, then once in each interval', async () => {
    const clock = new SteppedClock();
    let times = 0;
    start(new MemoryDriver(), clock, async () => void times++);
    await clock.advance(99);
    expect(times).toBe(0);
    await clock.advance(1);
    expect(times).toBe(1);
    await clock.advance(INTERVAL);
    expect(times).toBe(2);
  });

  it('is done by one of two processes', async () => {
    const clock = new SteppedClock();
    const driver = new MemoryDriver();
    let times = 0;
    start(driver, clock, async () => void times++);
    start(driver, clock, async () => void times++);
    await clock.advance(100);
    await clock.advance(INTERVAL / 2);
    expect(times).toBe(1);
  });

  it('is done by every process where no lease can be kept', async () => {
    const clock = new SteppedClock();
    const driver = { ...observeCalls(new MemoryDriver(), () => {}), create: undefined };
    let times = 0;
    start(driver, clock, async () => void times++);
    start(driver, clock, async () => void times++);
    await clock.advance(100);
    expect(times).toBe(2);
  });

  it('is tried again after a failure, which is told', async () => {
    const clock = new SteppedClock();
    let times = 0;
    const { failures } = start(new MemoryDriver(), clock, async () => {
      if (times++ === 0) throw new Error('this time');
    });
    await clock.advance(100);
    await clock.advance(INTERVAL);
    expect(times).toBe(2);
    expect(failures).toMatchObject([{ message: 'this time' }]);
  });

  it('ends work that is under way when it is stopped', async () => {
    const clock = new SteppedClock();
    let signalled = false;
    const task = new RecurringTask({
      driver: new MemoryDriver(),
      name: 'sample',
      intervalMs: INTERVAL,
      firstDelayMs: 0,
      work: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            signalled = true;
            reject(signal.reason);
          });
        }),
      onFailure: () => expect.unreachable(),
      clock,
    });
    await clock.advance(0);
    await task.stop();
    expect(signalled).toBe(true);
  });
});
