import { digestOf } from '@purser/core';
import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { observeCalls } from '../fixtures/recording-driver.ts';
import { blobDataPath } from '../paths.ts';
import { Grants } from './grants.ts';
import { Lease } from './lease.ts';
import { LEASE_TERM_MS } from './limits.ts';
import { ACTIVE, LEASES, markerPath, type Marker } from './marker-paths.ts';

const digest = digestOf(Buffer.from('content'));
const EMPTY = Buffer.alloc(0);

function createGrants() {
  const driver = new MemoryDriver();
  const clock = new ManualClock();
  const calls: string[] = [];
  const observed = observeCalls(driver, (method, path) => calls.push(`${method} ${path}`));
  return { driver, clock, calls, grants: new Grants(observed, clock) };
}

async function mark(driver: StorageDriver, ...markers: readonly Marker[]): Promise<void> {
  await driver.putContent(ACTIVE, EMPTY);
  for (const marker of markers) await driver.putContent(markerPath(marker, digest), EMPTY);
}

describe('a claim', () => {
  it('asks once a second whether anything collects garbage, and nothing else while nothing does', async () => {
    const { clock, calls, grants } = createGrants();
    for (let times = 0; times < 5; times++) await grants.claim(digest);
    expect(calls).toEqual([`stat ${ACTIVE}`]);
    clock.advance(1001);
    await grants.claim(digest);
    expect(calls).toEqual([`stat ${ACTIVE}`, `stat ${ACTIVE}`]);
  });

  it('writes nothing for content that is not condemned', async () => {
    const { driver, calls, grants } = createGrants();
    await mark(driver);
    await grants.claim(digest);
    expect(calls).toEqual([`stat ${ACTIVE}`, `stat ${markerPath('condemned', digest)}`]);
  });

  it('touches condemned content before it looks whether that is being deleted', async () => {
    const { driver, calls, grants } = createGrants();
    await mark(driver, 'condemned');
    await grants.claim(digest);
    expect(calls.slice(-2)).toEqual([
      `putContent ${markerPath('touched', digest)}`,
      `stat ${markerPath('deleting', digest)}`,
    ]);
  });

  it('is of the content that a name stands for, which is found out only when anything collects', async () => {
    const { driver, clock, grants } = createGrants();
    let asked = 0;
    const named = async () => (asked++, digest);
    await grants.claim(named);
    expect(asked).toBe(0);
    await mark(driver, 'condemned');
    clock.advance(1001);
    await grants.claim(named);
    expect(asked).toBe(1);
    expect(await driver.stat(markerPath('touched', digest))).toBeDefined();
    await grants.claim(async () => undefined);
  });

  it('waits for the end of a deletion', async () => {
    const { driver, clock, grants } = createGrants();
    await mark(driver, 'condemned', 'deleting');
    const waiting = grants.claim(digest);
    await clock.wait(0);
    await driver.delete(markerPath('condemned', digest));
    await driver.delete(markerPath('deleting', digest));
    await waiting;
    expect(clock.now()).toBeLessThan(1000);
  });

  it('does not wait for ever', async () => {
    const { driver, clock, grants } = createGrants();
    await mark(driver, 'condemned', 'deleting');
    const lease = new Lease({ driver, path: LEASES, termMs: LEASE_TERM_MS, clock });
    await lease.hold();
    const collecting = observeCalls(driver, (method) => {
      // The collector renews its lease, and does nothing else.
      if (method === 'list') void lease.hold();
    });
    await expect(new Grants(collecting, clock).claim(digest)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(await driver.stat(markerPath('deleting', digest))).toBeDefined();
    expect(grants.now()).toBeGreaterThan(LEASE_TERM_MS);
  });

  it('undoes the deletion of a collector that died, when its lease has run out', async () => {
    const { driver, clock, grants } = createGrants();
    await new Lease({ driver, path: LEASES, termMs: LEASE_TERM_MS, clock }).hold();
    await mark(driver, 'condemned', 'deleting');
    await driver.putContent(markerPath('trash', digest), Buffer.from('content'));
    await grants.claim(digest);
    expect(clock.now()).toBeGreaterThan(LEASE_TERM_MS);
    expect(clock.now()).toBeLessThan(LEASE_TERM_MS + 3000);
    expect(Buffer.from(await driver.getContent(blobDataPath(digest))).toString()).toBe('content');
    expect(await driver.stat(markerPath('condemned', digest))).toBeUndefined();
    expect(await driver.stat(markerPath('trash', digest))).toBeUndefined();
  });

  it('does not remember a failure to ask', async () => {
    const driver = new MemoryDriver();
    let isBroken = true;
    const failing = observeCalls(driver, () => {
      if (isBroken) throw new Error('the storage is away');
    });
    const grants = new Grants(failing, new ManualClock());
    await expect(grants.claim(digest)).rejects.toThrow('the storage is away');
    isBroken = false;
    await grants.claim(digest);
  });
});

describe('a grant', () => {
  const slowLook = (clock: ManualClock, durations: number[]) => async () => {
    clock.advance(durations.shift() ?? 0);
    return durations.length;
  };

  it('of what was found at once is one claim and one look', async () => {
    const { clock, calls, grants } = createGrants();
    expect(await grants.granting(digest, slowLook(clock, [500, 0]))).toBe(1);
    expect(calls).toHaveLength(1);
  });

  it('of what took long to find is claimed again', async () => {
    const { driver, clock, calls, grants } = createGrants();
    await mark(driver);
    expect(await grants.granting(digest, slowLook(clock, [501, 0]))).toBe(1);
    expect(calls.filter((call) => call.includes('condemned'))).toHaveLength(2);
  });

  it('of what took longer than the smallest grace to find is looked for again', async () => {
    const { clock, grants } = createGrants();
    expect(await grants.granting(digest, slowLook(clock, [2001, 0, 0]))).toBe(1);
  });

  it('is refused by a storage that is too slow to promise anything', async () => {
    const { clock, grants } = createGrants();
    const look = slowLook(
      clock,
      Array.from({ length: 9 }, () => 5000),
    );
    await expect(grants.granting(digest, look)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('grants that are renewed', () => {
  async function renewals(elapsedMs: number, isActive = false): Promise<number> {
    const { driver, clock, grants } = createGrants();
    if (isActive) await mark(driver);
    const since = grants.now();
    clock.advance(elapsedMs);
    let renewed = 0;
    await grants.renew(since, async () => void renewed++);
    return renewed;
  }

  it('are relied on for half a second', async () => {
    expect(await renewals(500, true)).toBe(0);
  });

  it('are asked for again after that while anything collects', async () => {
    expect(await renewals(501, true)).toBe(1);
    expect(await renewals(501)).toBe(0);
  });

  it('are asked for again when a collector may have come and gone since', async () => {
    expect(await renewals(2000)).toBe(0);
    expect(await renewals(2001)).toBe(1);
  });

  it('are asked for again when it took long to find out that nothing collects', async () => {
    const clock = new ManualClock();
    const slow = observeCalls(new MemoryDriver(), () => clock.advance(2000));
    const grants = new Grants(slow, clock);
    clock.advance(501);
    let renewed = 0;
    await grants.renew(0, async () => void renewed++);
    expect(renewed).toBe(1);
  });
});
