import { digestOf, parseRepositoryName, parseTag, type Registry } from '@purser/core';
import { describeBytes, sampleBytes, sampleImage } from '@purser/core/testing';
import { entriesOf, forwardCalls, MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import { decoder } from '../fixtures/images.ts';
import type { Clock } from './clock.ts';
import { collect } from './collection.ts';

const a = parseRepositoryName('a');
const b = parseRepositoryName('b');
const content = sampleBytes(9);
const blob = digestOf(content);
const manifest = sampleImage({ config: describeBytes(content), layers: [] });
const tag = parseTag('latest');

/** Those in which a client claims what it relies on: whatever comes later is claimed again, or by then has been spared. */
const FIRST_CALLS = [1, 2, 3, 4, 5, 6, 7];

/** What one client does within the grace, and then whatever it was promised must be there. */
type Push = (registry: Registry) => Promise<void>;

const asks: Push = async (registry) => {
  const { blobs, manifests, tags } = registry.repository(a);
  if ((await blobs.stat(blob)) === undefined) await blobs.put(content);
  await tags.tag(tag, await manifests.put(manifest));
};
const uploads: Push = async (registry) => {
  const { blobs, manifests, tags } = registry.repository(a);
  await blobs.put(content);
  await tags.tag(tag, await manifests.put(manifest));
};
const mounts: Push = async (registry) => {
  const { blobs, manifests, tags } = registry.repository(b);
  if ((await blobs.mount(blob, { from: a })) === undefined) await blobs.put(content);
  await tags.tag(tag, await manifests.put(manifest));
};
const tagsWhatIsThere: Push = async (registry) => {
  const { manifests, tags } = registry.repository(a);
  const digest = digestOf(manifest.payload);
  if (await manifests.exists(digest)) await tags.tag(tag, digest);
};

/** A process whose calls to storage wait until it is told to do the next. */
class Process {
  readonly #waiting: { readonly kind: 'call' | 'wait'; go(): void }[] = [];
  #now = 0;
  done = 0;
  isOver = false;

  readonly clock: Clock = {
    now: () => this.#now,
    wait: (durationMs) =>
      this.#turn('wait', async () => {
        this.#now += durationMs;
      }),
  };

  get next(): 'call' | 'wait' | undefined {
    return this.#waiting[0]?.kind;
  }

  start(work: () => Promise<unknown>): Promise<unknown> {
    return work().finally(() => {
      this.isOver = true;
    });
  }

  async step(): Promise<void> {
    this.done++;
    this.#waiting.shift()!.go();
    await settled();
  }

  drive(driver: StorageDriver): StorageDriver {
    const take = <T>(kind: 'call', call: () => Promise<T>) => this.#turn(kind, call);
    return {
      ...forwardCalls(driver),
      getContent: (...call) => take('call', () => driver.getContent(...call)),
      putContent: (...call) => take('call', () => driver.putContent(...call)),
      create: (...call) => take('call', () => driver.create!(...call)),
      stat: (...call) => take('call', () => driver.stat(...call)),
      move: (...call) => take('call', () => driver.move(...call)),
      delete: (...call) => take('call', () => driver.delete(...call)),
      openReader: (...call) => take('call', () => driver.openReader(...call)),
      openWriter: (...call) => take('call', () => driver.openWriter(...call)),
      locate: (...call) => take('call', () => driver.locate(...call)),
      async *list(...parameters) {
        yield await take('call', () => allOf(entriesOf(driver.list(...parameters))));
      },
      async *walk(...parameters) {
        yield* await take('call', () => allOf(driver.walk(...parameters)));
      },
    };
  }

  #turn<T>(kind: 'call' | 'wait', call: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ kind, go: () => void call().then(resolve, reject) });
    return promise;
  }
}

async function allOf<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of pages) all.push(one);
  return all;
}

function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

async function createStore() {
  const driver = new MemoryDriver();
  const { blobs, manifests } = createRegistry({ driver, decoder }).repository(a);
  await blobs.put(content);
  return { driver, manifests };
}

interface Order {
  /** After how many steps of the collector the client begins. */
  readonly start: number;
  /** After how many steps of its own it is interrupted. */
  readonly pause: number;
  /** After how many steps of the collector it goes on. */
  readonly resume: number;
  /** After how many steps the collector is killed. */
  readonly killed: number;
}

async function run(push: Push, order: Order, isLinked: boolean) {
  const { driver, manifests } = await createStore();
  if (isLinked) await manifests.put(manifest);
  const [collector, client] = [new Process(), new Process()];
  const collecting = collector.start(() => collectOn(collector.drive(driver), collector.clock));
  collecting.catch(() => {});
  let pushing: { readonly pushed: Promise<unknown> } | undefined;
  await settled();
  const begin = async () => {
    const registry = createRegistry({ driver: client.drive(driver), decoder, clock: client.clock });
    const pushed = client.start(() => push(registry));
    pushed.catch(() => {});
    await settled();
    return { pushed };
  };
  const isDead = () => collector.isOver || collector.done >= order.killed;
  const isTurn = () =>
    isDead() ||
    (collector.done >= order.start && client.done < order.pause) ||
    collector.done >= order.resume ||
    // The grace, or the wait for those who do not know yet, does not end before who began before it.
    (collector.next === 'wait' && pushing !== undefined && !client.isOver);
  while (!(isDead() && client.isOver)) {
    const isPolling = client.next === 'wait' && !isDead();
    if (!client.isOver && isTurn() && !isPolling) {
      pushing ??= await begin();
      if (!client.isOver) await client.step();
    } else {
      await collector.step();
    }
  }
  await pushing!.pushed;
  return { driver, steps: collector.done };
}

async function collectOn(driver: StorageDriver, clock: Clock) {
  return collect({
    driver,
    decoder,
    clock,
    graceMs: 2000,
    deleteUntagged: true,
    holder: { isHeld: () => true },
    token: 'collector',
  });
}

const idle: Clock = { now: () => 0, wait: async () => {} };

/** Everything that was pushed is there, before and after one more collection; and nothing else is left after it. */
async function check(driver: MemoryDriver, mayBeGone: boolean) {
  await look(driver, mayBeGone);
  await collectOn(driver, idle);
  await look(driver, mayBeGone);
  const left = await allOf(driver.walk('/'));
  return left.filter(
    ({ isDirectory, path }) =>
      !isDirectory && path.startsWith('/purser/garbage/') && !path.includes('/lease/'),
  );
}

async function look(driver: MemoryDriver, mayBeGone: boolean) {
  const registry = createRegistry({ driver, decoder });
  let tagged = 0;
  for (const name of [a, b]) {
    const { blobs, manifests, tags } = registry.repository(name);
    const digest = await tags.get(tag);
    if (digest === undefined) continue;
    tagged++;
    expect((await manifests.get(digest)).payload).toEqual(manifest.payload);
    expect(await blobs.stat(blob)).toBeDefined();
  }
  if (!mayBeGone) expect(tagged).toBe(1);
}

describe(
  'wherever a client begins beside a collector, and is stopped in its first calls until that is over',
  { timeout: 300_000 },
  () => {
    it.each([
      ['one who asks and pushes', asks, false],
      ['one who uploads what is there', uploads, false],
      ['one who mounts', mounts, false],
      ['one who tags what is there', tagsWhatIsThere, true],
    ] as const)('%s loses nothing that was promised', async (_, push, isLinked) => {
      const never = { start: Infinity, pause: 0, resume: Infinity, killed: Infinity };
      const { steps } = await run(push, never, isLinked);
      let orders = 0;
      for (let start = 0; start <= steps; start++) {
        // Until the collector is over, or not at all.
        for (const pause of [...FIRST_CALLS, Infinity]) {
          const order = { start, pause, resume: Infinity, killed: Infinity };
          const { driver } = await run(push, order, isLinked);
          expect(await check(driver, isLinked)).toEqual([]);
          orders++;
        }
      }
      expect(orders).toBeGreaterThan(100);
    });
  },
);

describe('when the collector is killed before any of its calls', { timeout: 60_000 }, () => {
  it.each([
    ['one who asks and pushes', asks, false],
    ['one who uploads what is there', uploads, false],
    ['one who mounts', mounts, false],
    ['one who tags what is there', tagsWhatIsThere, true],
  ] as const)('%s undoes what it left, and loses nothing', async (_, push, isLinked) => {
    const never = { start: Infinity, pause: 0, resume: Infinity, killed: Infinity };
    const { steps } = await run(push, never, isLinked);
    for (let killed = 0; killed <= steps; killed++) {
      for (const start of [killed, Math.max(0, killed - 1), Math.max(0, killed - 3)]) {
        const order = { start, pause: 2, resume: killed, killed };
        const { driver } = await run(push, order, isLinked);
        expect(await check(driver, isLinked)).toEqual([]);
      }
    }
  });
});
