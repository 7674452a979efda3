import {
  digestOf,
  OCTET_STREAM,
  parseRepositoryName,
  type BlobDescriptorService,
  type Descriptor,
  type Digest,
} from '@purser/core';
import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { GlobalBlobStore } from './blob-store.ts';
import { everyOrder, type Gate } from './fixtures/every-order.ts';
import { Grants } from './garbage/grants.ts';
import { LinkedContent } from './linked-content.ts';
import { Links } from './links.ts';
import { layerLinkPath } from './paths.ts';

const name = parseRepositoryName('a');
const bytes = Buffer.from('content');
const digest = digestOf(bytes);
const descriptor: Descriptor = { mediaType: OCTET_STREAM, digest, size: bytes.byteLength };

/** What one process does with the link, through calls that are made one at a time. */
type Process = (content: LinkedContent) => Promise<unknown>;

const reads: Process = (content) => content.stat(digest);
const opens: Process = (content) => content.use(digest, async (target) => target);
const deletes: Process = (content) => content.unlink(digest);
const pushes: Process = (content) => content.link(descriptor);
const deletesAndPushes: Process = async (content) => {
  await deletes(content);
  await pushes(content);
};
const pushesAndDeletes: Process = async (content) => {
  await pushes(content);
  await deletes(content);
};

interface Outcome {
  readonly linked: boolean;
  readonly remembered: boolean;
}

/** Of processes that share a store and a cache. */
function everyOutcome(
  processes: readonly Process[],
  { linked, remembered }: Outcome,
): Promise<Outcome[]> {
  return everyOrder(async (gate) => {
    const driver = new MemoryDriver();
    const cache = new Map<Digest, Descriptor>();
    const linkPath = layerLinkPath(name, digest);
    await new GlobalBlobStore(driver).put(bytes, digest);
    if (linked) await driver.putContent(linkPath, Buffer.from(digest));
    if (remembered) cache.set(digest, descriptor);
    const running = processes.map((process) => process(createContent(driver, cache, gate)));
    return async () => {
      await Promise.all(running);
      const isLinked = (await driver.stat(linkPath)) !== undefined;
      return { linked: isLinked, remembered: cache.has(digest) };
    };
  });
}

function createContent(driver: StorageDriver, cache: Map<Digest, Descriptor>, gate: Gate) {
  const gated: Pick<StorageDriver, 'getContent' | 'putContent' | 'delete' | 'stat'> = {
    getContent: (...call) => gate(() => driver.getContent(...call)),
    putContent: (...call) => gate(() => driver.putContent(...call)),
    delete: (...call) => gate(() => driver.delete(...call)),
    stat: (...call) => gate(() => driver.stat(...call)),
  };
  const service: BlobDescriptorService = {
    stat: (asked) => gate(async () => cache.get(asked)),
    set: (asked, known) => gate(async () => void cache.set(asked, known)),
    clear: (asked) => gate(async () => void cache.delete(asked)),
  };
  const report = () => {};
  return new LinkedContent(
    { linkPath: (asked) => layerLinkPath(name, asked), cache: service },
    {
      links: new Links(gated as StorageDriver, report),
      global: new GlobalBlobStore(gated as StorageDriver),
      // Nothing collects garbage here, and nobody waits to learn of it.
      grants: new Grants(driver),
      report,
    },
  );
}

// As many orders as there are take what they take, on a machine that has other things to do as well.
const LONG = { timeout: 60_000 };

describe('in every order of calls, what is remembered at the end is linked', LONG, () => {
  const all = [
    { title: 'a reader and a deleter', processes: [reads, deletes] },
    { title: 'a reader and one who opens and a deleter', processes: [reads, opens, deletes] },
    { title: 'a reader and a deleter who pushes again', processes: [reads, deletesAndPushes] },
    { title: 'a reader and one who pushes and deletes', processes: [reads, pushesAndDeletes] },
    { title: 'a reader, a deleter and a pusher', processes: [reads, deletes, pushes] },
    { title: 'a reader and two deleters', processes: [reads, deletes, deletes] },
  ];
  const starts = [
    { linked: true, remembered: false },
    { linked: true, remembered: true },
    { linked: false, remembered: false },
    { linked: false, remembered: true },
  ];

  for (const { title, processes } of all) {
    it.each(starts)(`${title}, from %o`, async (start) => {
      const outcomes = await everyOutcome(processes, start);
      expect(outcomes.length).toBeGreaterThanOrEqual(10);
      const isDeletedLast = processes.at(-1) !== pushes && processes.at(-1) !== deletesAndPushes;
      const lies = outcomes.filter(({ linked, remembered }) => remembered && !linked);
      expect(lies).toEqual([]);
      expect(outcomes.every(({ linked }) => !linked)).toBe(isDeletedLast);
    });
  }

  it('two readers and a deleter, where one reader is as far as it can be', async () => {
    const rereads: Process = async (content) => {
      await reads(content);
      await reads(content);
    };
    const outcomes = await everyOutcome([rereads, deletes], { linked: true, remembered: false });
    expect(outcomes.filter(({ remembered }) => remembered)).toEqual([]);
  });
});
