import { digestOf, parseRepositoryName } from '@purser/core';
import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { everyOrder, type Gate } from './fixtures/every-order.ts';
import { decoder, pushBlob } from './fixtures/images.ts';
import { observeCalls } from './fixtures/recording-driver.ts';
import { blobDataPath } from './paths.ts';
import { putContentAside } from './put-content-aside.ts';

const name = parseRepositoryName('a');
const content = Buffer.from('content');
const digest = digestOf(content);
const path = blobDataPath(digest);
const damaged = Buffer.from('CONTENT');

/** A driver of one process, whose calls about the blob take effect one at a time. */
function gated(driver: StorageDriver, gate: Gate): StorageDriver {
  const isMeant = (at: string) => at.endsWith(path);
  const through = <T>(at: string, call: () => Promise<T>) => (isMeant(at) ? gate(call) : call());
  return {
    ...observeCalls(driver, () => {}),
    openReader: (...call) => through(call[0], () => driver.openReader(...call)),
    stat: (...call) => through(call[0], () => driver.stat(...call)),
    move: (...call) => through(call[1], () => driver.move(...call)),
  };
}

type Deed = (driver: StorageDriver) => Promise<unknown>;

const pushes: Deed = (driver) =>
  pushBlob(createRegistry({ driver, decoder }).repository(name), content);
const putsAside =
  (at: number): Deed =>
  (driver) =>
    putContentAside(driver, digest, { at });

function everyOutcome(stored: Uint8Array, deeds: readonly Deed[]): Promise<string[]> {
  return everyOrder(async (gate) => {
    const driver = new MemoryDriver();
    await driver.putContent(path, stored);
    const running = deeds.map((deed) => deed(gated(driver, gate)));
    return async () => {
      await Promise.all(running);
      if ((await driver.stat(path)) === undefined) return 'absent';
      return Buffer.from(await driver.getContent(path)).toString();
    };
  });
}

describe('in every order of calls', { timeout: 60_000 }, () => {
  it('what is damaged is absent after two put it aside', async () => {
    const outcomes = await everyOutcome(damaged, [putsAside(1), putsAside(2)]);
    expect(outcomes.length).toBeGreaterThan(2);
    expect(new Set(outcomes)).toEqual(new Set(['absent']));
  });

  it.each([
    ['damaged', damaged],
    ['cut off', damaged.subarray(1)],
    ['sound', content],
  ])('a push of what is %s is there afterwards, whoever puts it aside', async (_, stored) => {
    for (const deeds of [
      [pushes, putsAside(1)],
      [pushes, putsAside(1), putsAside(2)],
      [pushes, putsAside(1), putsAside(1)],
    ]) {
      const outcomes = await everyOutcome(stored, deeds);
      expect(outcomes.length).toBeGreaterThan(2);
      expect(new Set(outcomes)).toEqual(new Set(['content']));
    }
  });
});
