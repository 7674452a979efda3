import { digestOf, parseRepositoryName } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { createRegistry } from '@purser/storage';
import { SteppedClock } from '@purser/storage/testing';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createConfig } from '../../config/load.ts';
import { createLogger } from '../../observe/logger.ts';
import type { MaintenanceObserver } from '../../observe/metrics/maintenance-metrics.ts';
import { startMaintenance } from './maintenance.ts';
import { createStoredDecoder } from '../manifests/manifests.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const MEBIBYTE = 1024 * 1024;
const name = parseRepositoryName('team/app');
const decoder = createStoredDecoder();

type Section = Record<string, unknown>;

/** A server's maintenance on a store, and what is told of it. The first delay is half of the longest. */
function maintain(driver: MemoryDriver, section: Section, areRefused = false) {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const config = createConfig({
    storage: { inmemory: {}, ...section },
    log: { formatter: 'json', level: 'debug' },
  });
  const observer = {
    failed: vi.fn<MaintenanceObserver['failed']>(),
    collected: vi.fn<MaintenanceObserver['collected']>(),
    purged: vi.fn<MaintenanceObserver['purged']>(),
    checked: vi.fn<MaintenanceObserver['checked']>(),
  };
  const clock = new SteppedClock();
  const logger = createLogger(config.log, { write });
  const registry = createRegistry({ driver, decoder });
  const parts = { driver, decoder, registry, writes: { areRefused }, logger, observer, clock };
  const tasks = startMaintenance(config, parts);
  onTestFinished(async () => {
    await tasks[Symbol.asyncDispose]();
    vi.restoreAllMocks();
  });
  const told = (message: string) => lines.filter(({ msg }) => msg === message);
  return { clock, observer, told, tasks };
}

async function leaveUpload(driver: MemoryDriver): Promise<void> {
  const { blobs } = createRegistry({ driver, decoder }).repository(name);
  await using writer = await blobs.create();
  await writer.append(chunks(Buffer.from('half')));
}

async function* chunks(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}

async function uploadsOf(driver: MemoryDriver): Promise<number> {
  let count = 0;
  for await (const _ of createRegistry({ driver, decoder }).uploads()) count++;
  return count;
}

/** Uploads of a minute ago are old. */
async function minuteLater(): Promise<void> {
  const now = Date.now() + MINUTE;
  vi.spyOn(Date, 'now').mockReturnValue(now);
}

const purging = (more: Section = {}) => ({
  maintenance: {
    uploadpurging: { enabled: true, age: '30s', interval: '24h', dryrun: false, ...more },
  },
  scrub: { enabled: false },
});

describe('a server that purges uploads', () => {
  it('removes old ones within the first hour, then once in an interval, and tells', async () => {
    const driver = new MemoryDriver();
    await leaveUpload(driver);
    const { clock, observer, told } = maintain(driver, purging());
    await minuteLater();
    await clock.advance(30 * MINUTE - 1);
    expect(await uploadsOf(driver)).toBe(1);
    await clock.advance(1);
    await vi.waitFor(() => expect(told('purged unfinished uploads')).toHaveLength(1));
    expect(await uploadsOf(driver)).toBe(0);
    expect(told('purged unfinished uploads')[0]).toMatchObject({ uploads: 1, files: 0, bytes: 4 });
    expect(observer.purged).toHaveBeenCalledExactlyOnceWith({ uploads: 1, files: 0, bytes: 4 });
    await clock.advance(DAY);
    await vi.waitFor(() => expect(told('purged unfinished uploads')).toHaveLength(2));
  });

  it('leaves uploads that somebody wrote to of late', async () => {
    const driver = new MemoryDriver();
    await leaveUpload(driver);
    const { clock, told } = maintain(driver, purging());
    await clock.advance(30 * MINUTE);
    await vi.waitFor(() => expect(told('purged unfinished uploads')).toHaveLength(1));
    expect(await uploadsOf(driver)).toBe(1);
  });

  it('removes nothing in a dry run, and says what it would', async () => {
    const driver = new MemoryDriver();
    await leaveUpload(driver);
    const { clock, observer, told } = maintain(driver, purging({ dryrun: true }));
    await minuteLater();
    await clock.advance(30 * MINUTE);
    await vi.waitFor(() =>
      expect(told('would purge unfinished uploads')).toMatchObject([{ uploads: 1, bytes: 4 }]),
    );
    expect(observer.purged).not.toHaveBeenCalled();
    expect(await uploadsOf(driver)).toBe(1);
  });

  it('removes nothing while writes are refused', async () => {
    const driver = new MemoryDriver();
    await leaveUpload(driver);
    const { clock, told } = maintain(driver, purging(), true);
    await minuteLater();
    await clock.advance(30 * MINUTE);
    await vi.waitFor(() => expect(told('read-only: unfinished uploads stay')).toHaveLength(1));
    expect(await uploadsOf(driver)).toBe(1);
  });

  it('is one of two on the same store', async () => {
    const driver = new MemoryDriver();
    const [first, second] = [maintain(driver, purging()), maintain(driver, purging())];
    await Promise.all([first.clock.advance(30 * MINUTE), second.clock.advance(30 * MINUTE)]);
    const runs = () =>
      [first, second].flatMap(({ told }) => told('purged unfinished uploads')).length;
    await vi.waitFor(() => expect(runs()).toBe(1));
    await Promise.all([first.clock.advance(MINUTE), second.clock.advance(MINUTE)]);
    expect(runs()).toBe(1);
  });

  it('goes on with the others when one cannot be removed', async () => {
    const driver = new MemoryDriver();
    for (let count = 0; count < 3; count++) await leaveUpload(driver);
    const { clock, told } = maintain(driver, purging());
    await minuteLater();
    vi.spyOn(driver, 'delete').mockRejectedValueOnce(new Error('not this one'));
    await clock.advance(30 * MINUTE);
    await vi.waitFor(() =>
      expect(told('purged unfinished uploads')).toMatchObject([{ uploads: 2 }]),
    );
    expect(told('an upload could not be purged')).toMatchObject([
      { repository: name, 'err.message': 'not this one' },
    ]);
    expect(await uploadsOf(driver)).toBe(1);
  });

  it('tells that storage failed, and tries again after an interval', async () => {
    const driver = new MemoryDriver();
    const { clock, observer, told } = maintain(driver, purging());
    const walk = vi.spyOn(driver, 'walk').mockImplementationOnce(() => {
      throw new Error('no storage');
    });
    await clock.advance(30 * MINUTE);
    await vi.waitFor(() =>
      expect(told('unfinished uploads could not be purged')).toMatchObject([
        { 'err.message': 'no storage' },
      ]),
    );
    expect(observer.failed).toHaveBeenCalledExactlyOnceWith('purge');
    walk.mockRestore();
    await clock.advance(DAY);
    await vi.waitFor(() => expect(told('purged unfinished uploads')).toHaveLength(1));
  });
});

const scrubbing = (more: Section = {}) => ({
  maintenance: { uploadpurging: { enabled: false } },
  scrub: { enabled: true, interval: '1h', rate: MEBIBYTE, repair: false, ...more },
});

/** A blob, of which one byte is flipped. */
async function storeDamaged(driver: MemoryDriver, size = 1000): Promise<string> {
  const content = sampleBytes(size);
  const digest = digestOf(content);
  await createRegistry({ driver, decoder }).repository(name).blobs.put(content);
  const hex = digest.slice('sha256:'.length);
  const path = `/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
  const bytes = Buffer.from(content);
  bytes[0]! ^= 1;
  await driver.putContent(path, bytes);
  return path;
}

describe('a server that scrubs', () => {
  it('tells what is broken, once in an interval', async () => {
    const driver = new MemoryDriver();
    const path = await storeDamaged(driver);
    const { clock, observer, told } = maintain(driver, scrubbing());
    await clock.advance(30 * MINUTE);
    await finish(clock, () => told('checked storage').length === 1);
    const damage = 'damage in storage: content does not match its digest';
    expect(told(damage)).toMatchObject([{ path, level: 'error' }]);
    expect(told('checked storage')).toMatchObject([{ blobs: 1, bytes: 1000, damaged: 1 }]);
    expect(observer.checked).toHaveBeenCalledExactlyOnceWith({ bytes: 1000, damaged: 1 });
    expect(await driver.stat(path)).toBeDefined();
    await clock.advance(60 * MINUTE);
    await finish(clock, () => told('checked storage').length === 2);
    expect(told(damage)).toHaveLength(2);
  });

  it('reads no more in a second than its rate', async () => {
    const driver = new MemoryDriver();
    const { blobs } = createRegistry({ driver, decoder }).repository(name);
    for (const seed of [1, 2, 3]) await blobs.put(sampleBytes(2 * MEBIBYTE, seed));
    const { clock, told } = maintain(driver, scrubbing());
    await clock.advance(30 * MINUTE);
    const begunAt = clock.now();
    await finish(clock, () => told('checked storage').length === 1);
    expect(told('checked storage')).toMatchObject([{ bytes: 6 * MEBIBYTE }]);
    expect(clock.now() - begunAt).toBeGreaterThanOrEqual(6000);
    expect(clock.now() - begunAt).toBeLessThan(7000);
  });

  it.each([
    ['puts what is broken into quarantine', false, false],
    ['leaves it while writes are refused', true, true],
  ])('with repair, %s', async (_, areRefused, isLeft) => {
    const driver = new MemoryDriver();
    const path = await storeDamaged(driver);
    const { clock, told } = maintain(driver, scrubbing({ repair: true }), areRefused);
    await clock.advance(30 * MINUTE);
    await finish(clock, () => told('checked storage').length === 1);
    expect((await driver.stat(path)) !== undefined).toBe(isLeft);
  });

  it('is one of two on the same store', async () => {
    const driver = new MemoryDriver();
    const [first, second] = [maintain(driver, scrubbing()), maintain(driver, scrubbing())];
    await Promise.all([first.clock.advance(30 * MINUTE), second.clock.advance(30 * MINUTE)]);
    const runs = () => [first, second].flatMap(({ told }) => told('checked storage')).length;
    await vi.waitFor(() => expect(runs()).toBe(1));
    await Promise.all([first.clock.advance(MINUTE), second.clock.advance(MINUTE)]);
    expect(runs()).toBe(1);
  });

  it('ends in the middle when the server does', async () => {
    const driver = new MemoryDriver();
    await storeDamaged(driver, 4 * MEBIBYTE);
    const { clock, observer, told, tasks } = maintain(driver, scrubbing());
    await clock.advance(30 * MINUTE);
    await clock.advance(1000);
    await tasks[Symbol.asyncDispose]();
    expect(told('checked storage')).toEqual([]);
    expect(observer.failed).not.toHaveBeenCalled();
  });

  it('tells that storage failed', async () => {
    const driver = new MemoryDriver();
    const { clock, observer, told } = maintain(driver, scrubbing());
    vi.spyOn(driver, 'walk').mockImplementation(() => {
      throw new Error('no storage');
    });
    await clock.advance(30 * MINUTE);
    await vi.waitFor(() =>
      expect(told('storage could not be checked')).toMatchObject([{ 'err.message': 'no storage' }]),
    );
    expect(observer.failed).toHaveBeenCalledExactlyOnceWith('scrub');
  });
});

/** Lets time pass until something is over. */
async function finish(clock: SteppedClock, isOver: () => boolean): Promise<void> {
  for (let steps = 0; !isOver(); steps++) {
    if (steps > 10_000) throw new Error('it does not end');
    await clock.advance(10);
  }
}
