import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createConfig } from '../config/load.ts';
import { logDriverCalls } from './log-driver-calls.ts';
import { createLogger } from './logger.ts';
import { observeDriver } from './observe-driver.ts';

function logged(level: 'debug' | 'info') {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger(createConfig({ log: { level, formatter: 'json' } }).log, { write });
  return { lines, logger, driver: observeDriver(new MemoryDriver(), [logDriverCalls(logger)]) };
}

describe('logDriverCalls', () => {
  it('tells of calls, how long they took, and why they failed', async () => {
    const { lines, driver } = logged('debug');
    await driver.putContent('/a', Buffer.from('x'));
    await driver.move('/a', '/b');
    await driver.getContent('/a').catch(() => {});
    expect(lines.map(({ msg }) => msg)).toEqual([
      'memory.PutContent("/a")',
      'memory.Move("/a", "/b")',
      'memory.GetContent("/a")',
    ]);
    for (const line of lines) expect(line['trace.duration']).toBeGreaterThan(0);
    expect(lines[2]).toMatchObject({ level: 'debug', 'err.code': 'PATH_NOT_FOUND' });
  });

  it('follows the level of the log', async () => {
    const { lines, driver, logger } = logged('info');
    await driver.stat('/a');
    expect(lines).toEqual([]);
    logger.setLevel('debug');
    await driver.stat('/a');
    expect(lines).toHaveLength(1);
  });
});
