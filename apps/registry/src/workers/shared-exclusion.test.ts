import { Exclusive } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { channelPair } from '../fixtures/channel-pair.ts';
import { HeldKeys } from './held-keys.ts';
import { Peer } from './peer.ts';
import { SharedExclusion } from './shared-exclusion.ts';

function createWorkers(count: number) {
  const all = new Exclusive();
  return Array.from({ length: count }, () => {
    const [ofPrimary, ofWorker] = channelPair();
    const held = new HeldKeys(all, new Peer(ofPrimary));
    return { exclusion: new SharedExclusion(new Peer(ofWorker)), end: () => held.releaseAll() };
  });
}

/** Long enough for every message that is on its way. */
async function messages(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve));
}

describe('an exclusion of several workers', () => {
  it('gives a key to one holder at a time, in whichever worker', async () => {
    const workers = createWorkers(3);
    let holders = 0;
    const deeds = [...workers, ...workers, ...workers].map(async ({ exclusion }) => {
      const release = await exclusion.acquire('key');
      holders++;
      expect(holders).toBe(1);
      await messages();
      holders--;
      release();
      release();
    });
    await Promise.all(deeds);
  });

  it('lets different keys be held at once', async () => {
    const [first, second] = createWorkers(2);
    await first!.exclusion.acquire('one');
    await second!.exclusion.acquire('other');
    expect(second!.exclusion.isHeld('other')).toBe(true);
  });

  it('gives back what a worker held when it ends', async () => {
    const [first, second] = createWorkers(2);
    await first!.exclusion.acquire('key');
    const waiting = second!.exclusion.acquire('key');
    first!.end();
    await expect(waiting).resolves.toBeTypeOf('function');
  });

  it('passes over a worker that ended while it waited', async () => {
    const [first, second, third] = createWorkers(3);
    const release = await first!.exclusion.acquire('key');
    const lost = second!.exclusion.acquire('key');
    const waiting = third!.exclusion.acquire('key');
    await messages();
    second!.end();
    await expect(lost).rejects.toThrow('nobody waits');
    release();
    (await waiting)();
  });

  it('passes over who stopped waiting, before and after it was granted', async () => {
    const [first, second, third] = createWorkers(3);
    const release = await first!.exclusion.acquire('key');
    for (const grantedMeanwhile of [false, true]) {
      const controller = new AbortController();
      const impatient = second!.exclusion.acquire('key', { signal: controller.signal });
      await messages();
      if (grantedMeanwhile) release();
      controller.abort(new Error('gone'));
      await expect(impatient).rejects.toThrow('gone');
    }
    (await third!.exclusion.acquire('key'))();
    expect(second!.exclusion.isHeld('key')).toBe(false);
  });

  it('does not wait when it is told so beforehand', async () => {
    const [worker] = createWorkers(1);
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(worker!.exclusion.acquire('key', { signal })).rejects.toThrow('gone');
  });
});
