import { describe, expect, it } from 'vitest';
import { describeDriverConformance } from './conformance/index.ts';
import { MapDriver } from './fixtures/map-driver.ts';
import { forwardCalls } from './forward-calls.ts';
import { MemoryDriver } from './memory-driver.ts';

describeDriverConformance('forwarded', {
  describe,
  it,
  createDriver: () => ({ driver: forwardCalls(new MemoryDriver()) }),
  supports: {
    redirects: 'there is no server to redirect to',
    largeFiles: 'they would have to fit into memory',
  },
});

describe('forwardCalls', () => {
  it('leaves out what the driver leaves out', () => {
    const { create, listAbandoned } = forwardCalls(new MapDriver());
    expect([create, listAbandoned]).toEqual([undefined, undefined]);
  });

  it('lets a decorator put its own method in place', async () => {
    const driver = new MemoryDriver();
    const stat = async () => undefined;
    const blind = { ...forwardCalls(driver), stat };
    await blind.putContent('/a', Buffer.from('x'));
    expect(await blind.stat()).toBeUndefined();
    expect(await driver.stat('/a')).toMatchObject({ size: 1 });
  });
});
