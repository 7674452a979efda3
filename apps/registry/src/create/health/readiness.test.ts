import { DriverError, MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it, vi } from 'vitest';
import { createSilentLogger, type Logger } from '../../observe/logger.ts';
import { Readiness } from './readiness.ts';

class BreakableDriver extends MemoryDriver {
  isBroken = false;
  writes = 0;

  override putContent(...call: Parameters<MemoryDriver['putContent']>): Promise<void> {
    this.writes++;
    const [path] = call;
    const where = { driver: 'memory', operation: 'putContent', path };
    if (this.isBroken) return Promise.reject(new DriverError('PERMISSION_DENIED', where));
    return super.putContent(...call);
  }
}

function readinessOf(driver: MemoryDriver) {
  let time = 0;
  const told: string[] = [];
  const logger: Logger = {
    ...createSilentLogger(),
    error: (message) => void told.push(message),
    info: (message) => void told.push(message),
  };
  const readiness = new Readiness({ driver, logger, now: () => time });
  return { readiness, told, pass: (ms: number) => void (time += ms) };
}

describe('readiness', () => {
  it('for pushes goes when storage cannot be written, comes back by itself, and tells each once', async () => {
    const driver = new BreakableDriver();
    const { readiness, told, pass } = readinessOf(driver);
    const answers: boolean[] = [];
    for (const isBroken of [false, true, true, false, false]) {
      driver.isBroken = isBroken;
      answers.push((await readiness.canWrite()) === true);
      expect(await readiness.canRead()).toBe(true);
      pass(3000);
    }
    expect(answers).toEqual([true, false, false, true, true]);
    expect(told).toEqual([
      'storage cannot be written: pushes fail',
      'storage can be written again',
    ]);
  });

  it('writes to storage once for all who ask within two seconds', async () => {
    const driver = new BreakableDriver();
    const { readiness, pass } = readinessOf(driver);
    await Promise.all(Array.from({ length: 100 }, () => readiness.canWrite()));
    pass(1999);
    await readiness.canWrite();
    expect(driver.writes).toBe(1);
    pass(1);
    await readiness.canWrite();
    expect(driver.writes).toBe(2);
  });

  it('is none where storage does not answer', async () => {
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort());
    try {
      const driver = new MemoryDriver();
      const { readiness } = readinessOf(driver);
      expect([await readiness.canRead(), await readiness.canWrite()]).toEqual([false, false]);
    } finally {
      vi.restoreAllMocks();
    }
  });
});
