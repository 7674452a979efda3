import { digestOf, parseRepositoryName } from '@purser/core';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it, vi } from 'vitest';
import { createConfig, createLogger, startRegistry } from '../../index.ts';
import { startCollecting } from './garbage.ts';

function recordLog() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger(createConfig({ log: { formatter: 'json' } }).log, { write });
  return { lines, logger };
}

describe('a server that collects garbage', () => {
  it('deletes what nothing needs while it serves, logs that, and stops with the server', async () => {
    const { lines, logger } = recordLog();
    const gc = { interval: '1s', grace: '2s', deleteuntagged: false };
    await using running = await startRegistry({ storage: { inmemory: {}, gc }, logger });
    const stray = Buffer.from('nothing refers to this');
    const { blobs } = running.registry.repository(parseRepositoryName('a'));
    await blobs.put(stray);
    const deleted = () => lines.find((line) => line['deleted.blobs'] === 1);
    await vi.waitFor(() => expect(deleted()).toBeDefined(), { timeout: 30_000 });
    expect(deleted()).toMatchObject({
      msg: 'collected garbage',
      level: 'info',
      'deleted.bytes': 22,
      'deleted.links': 1,
    });
    expect(await blobs.stat(digestOf(stray))).toBeUndefined();
    expect(await running.close()).toBe(true);
  }, 40_000);

  it('is refused on a storage that cannot tell which process came first', () => {
    const driver = Object.create(new MemoryDriver(), { create: { value: undefined } });
    const { logger } = recordLog();
    const { gc } = createConfig({ storage: { inmemory: {}, gc: { interval: '1h' } } }).storage;
    expect(() => startCollecting(gc, { driver, cache: undefined, logger })).toThrow(
      /^storage\.gc: garbage cannot be collected on the storage driver memory/,
    );
  });
});
