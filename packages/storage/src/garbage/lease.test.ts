import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { Lease } from './lease.ts';

const TERM = 1000;

function leasesOn(driver: StorageDriver = new MemoryDriver()) {
  const clock = new ManualClock();
  return { driver, clock, want: () => new Lease({ driver, path: '/lease', termMs: TERM, clock }) };
}

describe('a lease', () => {
  it('is held by the first that wants it, and by no other', async () => {
    const { want } = leasesOn();
    const first = want();
    const second = want();
    expect(await first.hold()).toBe(true);
    expect(await second.hold()).toBe(false);
    expect([first.isHeld(), second.isHeld()]).toEqual([true, false]);
  });

  it('is held by one of many that want it at once', async () => {
    const { want } = leasesOn();
    const all = Array.from({ length: 20 }, want);
    const held = await Promise.all(all.map((lease) => lease.hold()));
    expect(held.filter(Boolean)).toHaveLength(1);
  });

  it('ends with its term, for its holder too', async () => {
    const { want, clock } = leasesOn();
    const lease = want();
    await lease.hold();
    clock.advance(TERM);
    expect(lease.isHeld()).toBe(false);
  });

  it('stays with a holder that renews it', async () => {
    const { want, clock } = leasesOn();
    const [holder, other] = [want(), want()];
    for (let renewals = 0; renewals < 10; renewals++) {
      expect(await holder.hold()).toBe(true);
      expect(await other.hold()).toBe(false);
      clock.advance(TERM / 2);
    }
  });

  it('goes to another that saw it unchanged for longer than a term', async () => {
    const { want, clock } = leasesOn();
    const [dead, heir] = [want(), want()];
    await dead.hold();
    expect(await heir.hold()).toBe(false);
    clock.advance(TERM);
    expect(await heir.hold()).toBe(false);
    clock.advance(1);
    expect(await heir.hold()).toBe(true);
    expect(await dead.hold()).toBe(false);
    expect(dead.isHeld()).toBe(false);
  });

  it('goes to one of many heirs', async () => {
    const { want, clock } = leasesOn();
    await want().hold();
    const heirs = Array.from({ length: 20 }, want);
    await Promise.all(heirs.map((lease) => lease.hold()));
    clock.advance(TERM + 1);
    const held = await Promise.all(heirs.map((lease) => lease.hold()));
    expect(held.filter(Boolean)).toHaveLength(1);
  });

  it('goes to the next at once when it is given back', async () => {
    const { want } = leasesOn();
    const [first, second] = [want(), want()];
    await first.hold();
    await first.release();
    expect(first.isHeld()).toBe(false);
    expect(await second.hold()).toBe(true);
    expect(await first.hold()).toBe(false);
  });

  it('is not given back by who lost it', async () => {
    const { want, clock } = leasesOn();
    const [slow, heir] = [want(), want()];
    await slow.hold();
    await heir.hold();
    clock.advance(TERM + 1);
    await heir.hold();
    await slow.release();
    expect(await want().hold()).toBe(false);
    expect(heir.isHeld()).toBe(true);
  });

  it('leaves one file', async () => {
    const { want, driver } = leasesOn();
    for (let holders = 0; holders < 5; holders++) {
      const lease = want();
      await lease.hold();
      await lease.release();
    }
    const files = [];
    for await (const { path } of driver.walk('/lease')) files.push(path);
    expect(files).toEqual(['/lease/000000000005']);
  });

  it('is not kept by a driver that cannot tell who came first', () => {
    const driver = Object.create(new MemoryDriver(), { create: { value: undefined } });
    expect(() => new Lease({ driver, path: '/lease', termMs: TERM })).toThrow(/cannot keep leases/);
  });
});
