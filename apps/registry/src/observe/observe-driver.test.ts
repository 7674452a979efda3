import { DriverError, MemoryDriver } from '@purser/storage-driver';
import { describeDriverConformance } from '@purser/storage-driver/conformance';
import { describe, expect, it } from 'vitest';
import { observeDriver, type DriverCall } from './observe-driver.ts';

describeDriverConformance('observed', {
  describe,
  it,
  createDriver: () => ({ driver: observeDriver(new MemoryDriver(), [() => () => {}]) }),
  supports: { redirects: 'memory has no URLs', largeFiles: 'they would have to fit into memory' },
});

interface Told {
  readonly call: DriverCall;
  error?: unknown;
  isOver: boolean;
}

function observed() {
  const told: Told[] = [];
  const driver = observeDriver(new MemoryDriver(), [
    (call) => {
      const entry: Told = { call, isOver: false };
      told.push(entry);
      return (failure) => Object.assign(entry, { isOver: true, error: failure?.error });
    },
  ]);
  return { driver, told };
}

describe('observeDriver', () => {
  it('is the driver itself when nobody observes', () => {
    const driver = new MemoryDriver();
    expect(observeDriver(driver, [])).toBe(driver);
  });

  it('tells of each call under the name that distribution measures it by', async () => {
    const { driver, told } = observed();
    await driver.putContent('/a/b', Buffer.from('x'));
    await driver.getContent('/a/b');
    await driver.stat('/a/b');
    await driver.move('/a/b', '/a/c');
    for await (const _page of driver.list('/a'));
    await driver.locate('/a/c', { method: 'GET' });
    await driver.create!('/a/d', Buffer.from('y'));
    (await driver.openReader('/a/c')).destroy();
    await (await driver.openWriter('/a/e')).close();
    await driver.delete('/a');
    expect(told.map(({ call }) => call.action)).toEqual([
      'PutContent',
      'GetContent',
      'Stat',
      'Move',
      'List',
      'List',
      'RedirectURL',
      'Create',
      'Reader',
      'Writer',
      'Delete',
    ]);
    expect(told.every(({ isOver, error }) => isOver && error === undefined)).toBe(true);
    expect(told[3]!.call).toEqual({
      driver: 'memory',
      action: 'Move',
      path: '/a/b',
      destination: '/a/c',
    });
  });

  it('tells of failures, and passes them on', async () => {
    const { driver, told } = observed();
    await expect(driver.getContent('/missing')).rejects.toThrow(DriverError);
    expect(told[0]).toMatchObject({ isOver: true, error: { code: 'PATH_NOT_FOUND' } });
  });
});
