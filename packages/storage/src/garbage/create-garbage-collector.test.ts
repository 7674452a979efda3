import { digestOf, parseRepositoryName, parseTag, type Digest } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createWorld } from '../fixtures/garbage-world.ts';
import { observeCalls } from '../fixtures/recording-driver.ts';
import { createGarbageCollector } from './create-garbage-collector.ts';
import { blobDataPath } from '../paths.ts';
import type { GarbageEvent } from './garbage-report.ts';
import { markerPath } from './marker-paths.ts';

const name = parseRepositoryName('a');
const stray = sampleBytes(7, 99);

describe('a collection', () => {
  it('finds nothing in an empty store', async () => {
    const { collector } = createWorld();
    expect(await collector.collect()).toMatchObject({
      repositories: 0,
      deleted: { blobs: 0, bytes: 0, manifests: 0, links: 0 },
    });
  });

  it('deletes the bytes and the link of a blob that no manifest refers to, and nothing else', async () => {
    const { collector, repository, pushImage, files } = createWorld();
    await pushImage(1, { tag: 'latest' });
    const before = await files();
    await repository().blobs.put(stray);
    await repository('only-blobs').blobs.put(stray);
    expect(await collector.collect()).toMatchObject({
      repositories: 2,
      needed: { manifests: 1, digests: 3 },
      deleted: { blobs: 1, bytes: 7, manifests: 0, links: 2 },
      spared: 0,
      damaged: [],
    });
    expect(await files()).toEqual(before);
  });

  it('leaves nothing of itself but its lease', async () => {
    const { collector, repository, files } = createWorld();
    await repository().blobs.put(stray);
    await collector.collect();
    expect(await files('/purser')).toEqual(['/purser/garbage/lease/000000000001']);
  });

  it('deletes links that nothing needs in a repository, though another needs the content', async () => {
    const { collector, repository, pushImage } = createWorld();
    const { layer } = await pushImage(1);
    await repository('b').blobs.mount(layer, { from: name });
    expect(await collector.collect()).toMatchObject({ deleted: { blobs: 0, links: 1 } });
    expect(await repository().blobs.stat(layer)).toBeDefined();
    expect(await repository('b').blobs.stat(layer)).toBeUndefined();
  });

  it('deletes what a deleted manifest leaves, with its signatures and its entry among referrers', async () => {
    const { collector, repository, pushImage, files } = createWorld();
    const subject = await pushImage(1, { tag: 'latest' });
    const before = await files();
    const { digest } = await pushImage(2, { subject: subject.digest });
    await repository().manifests.delete(digest);
    expect(await collector.collect()).toMatchObject({ deleted: { blobs: 3, links: 2 } });
    expect(await files()).toEqual(before);
  });

  it('keeps untagged manifests unless it is told otherwise', async () => {
    const { collector, pushImage, files } = createWorld();
    await pushImage(1);
    const before = await files();
    expect(await collector.collect()).toMatchObject({ deleted: { blobs: 0 } });
    expect(await files()).toEqual(before);
    expect(await collector.collect({ deleteUntagged: true })).toMatchObject({
      deleted: { blobs: 3, manifests: 1, links: 2 },
    });
    expect(await files()).toEqual([]);
  });

  it('says what it would do, and does nothing, in a dry run', async () => {
    const { collector, pushImage, files } = createWorld();
    await pushImage(1);
    const before = await files('/');
    expect(await collector.collect({ deleteUntagged: true, dryRun: true })).toMatchObject({
      deleted: { blobs: 3, manifests: 1, links: 2 },
    });
    expect(await files('/')).toEqual(before);
  });

  it('refuses a grace in which no push can end', async () => {
    const { collector } = createWorld();
    await expect(collector.collect({ graceMs: 1999 })).rejects.toThrow(TypeError);
  });

  it('does not begin while another goes on', async () => {
    const { collector, driver, repository } = createWorld();
    const other = createWorld(driver);
    await repository().blobs.put(stray);
    const [first, second] = await Promise.all([collector.collect(), other.collector.collect()]);
    expect([first?.deleted.blobs, second]).toEqual([1, undefined]);
  });

  it('ends early when it is told to, and takes its marks back', async () => {
    const { driver, repository, files } = createWorld();
    await repository().blobs.put(stray);
    const stop = new AbortController();
    const { collector } = createWorld(driver, {
      observer: (event) => {
        if (event.kind === 'phase' && event.phase === 'grace') stop.abort(new Error('enough'));
      },
    });
    await expect(collector.collect({ signal: stop.signal })).rejects.toThrow('enough');
    expect(await files('/purser')).toEqual(['/purser/garbage/lease/000000000001']);
    expect(await files()).toHaveLength(2);
  });

  it('deletes at once when nobody else is there, also where the driver cannot tell who came first', async () => {
    const driver = { ...observeCalls(new MemoryDriver(), () => {}), create: undefined };
    const { collector, repository, pushImage, files, clock } = createWorld(driver);
    await pushImage(1, { tag: 'latest' });
    const before = await files();
    await repository().blobs.put(stray);
    await expect(collector.collect()).rejects.toThrow(/cannot keep leases/);
    expect(await collector.collect({ dryRun: true })).toMatchObject({ deleted: { blobs: 1 } });
    const startedAt = clock.now();
    expect(await collector.collect({ offline: true })).toMatchObject({
      deleted: { blobs: 1, bytes: 7, links: 1 },
      spared: 0,
    });
    expect(clock.now()).toBe(startedAt);
    expect(await files()).toEqual(before);
    expect(await files('/purser')).toEqual([]);
  });

  it('undoes, offline too, what a collector left that died', async () => {
    const driver = new MemoryDriver();
    const { collector, pushImage, files } = createWorld(driver);
    const { layer } = await pushImage(1, { tag: 'latest' });
    const before = await files();
    await driver.putContent(markerPath('deleting', layer), Buffer.from('token'));
    await driver.move(blobDataPath(layer), markerPath('trash', layer));
    await collector.collect({ offline: true });
    expect(await files()).toEqual(before);
    expect(await files('/purser')).toEqual([]);
  });
});

describe('content that is claimed while it is condemned', () => {
  async function collectWith(during: (world: ReturnType<typeof createWorld>) => Promise<unknown>) {
    const driver = new MemoryDriver();
    const events: GarbageEvent[] = [];
    let touched: Promise<unknown> | undefined;
    const world = createWorld(driver, {
      observer: (event) => {
        events.push(event);
        if (event.kind === 'phase' && event.phase === 'mark-again') touched ??= during(world);
      },
    });
    return { world, events, touched: () => touched };
  }

  it.each([
    [
      'a HEAD',
      (digest: Digest) =>
        ({ blobs }: Blobs) =>
          blobs.stat(digest),
    ],
    [
      'a mount',
      (digest: Digest) =>
        ({ blobs }: Blobs) =>
          blobs.mount(digest, { from: name }),
    ],
    [
      'a push of the same',
      () =>
        ({ blobs }: Blobs) =>
          blobs.put(stray),
    ],
  ])('by %s is spared', async (_, claimOf) => {
    const digest = digestOf(stray);
    const { world, touched } = await collectWith(({ repository }) => claimOf(digest)(repository()));
    await world.repository().blobs.put(stray);
    expect(await world.collector.collect()).toMatchObject({ spared: 1, deleted: { blobs: 0 } });
    expect(await touched()).toMatchObject({ digest });
    expect(await world.repository().blobs.stat(digest)).toBeDefined();
    expect(await world.collector.collect()).toMatchObject({ deleted: { blobs: 1 } });
  });

  it('keeps what it needs, when it is a manifest', async () => {
    const image: { digest?: Digest } = {};
    const { world } = await collectWith(({ repository }) =>
      repository().manifests.exists(image.digest!),
    );
    image.digest = (await world.pushImage(1)).digest;
    expect(await world.collector.collect({ deleteUntagged: true })).toMatchObject({
      spared: 3,
      deleted: { blobs: 0 },
    });
  });

  it('by a tag stays', async () => {
    const image: { digest?: Digest } = {};
    const { world } = await collectWith(({ repository }) =>
      repository().tags.tag(parseTag('latest'), image.digest!),
    );
    image.digest = (await world.pushImage(1)).digest;
    await world.collector.collect({ deleteUntagged: true });
    expect(await world.collector.collect({ deleteUntagged: true })).toMatchObject({
      needed: { digests: 3 },
      deleted: { blobs: 0 },
    });
  });
});

type Blobs = ReturnType<ReturnType<typeof createWorld>['repository']>;

it('says to programs in words what went wrong with their grace', async () => {
  const { driver } = createWorld();
  const collector = createGarbageCollector({ driver, decoder: undefined as never });
  await expect(collector.collect({ graceMs: Number.NaN })).rejects.toThrow('the grace is NaN ms');
});
