import { digestOf, RegistryError, type Digest } from '@purser/core';
import { createMemoryRegistry, sampleBytes } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import type { ExpiryStateStore } from './expiry-state.ts';
import {
  createPullThrough,
  LATEST,
  NAME,
  pullBlob,
  pushImage,
} from './fixtures/create-pull-through.ts';
import type { PullThroughOptions } from './with-pull-through.ts';

const HOUR = 60 * 60 * 1000;

class MemoryState implements ExpiryStateStore {
  saved: Uint8Array | undefined;
  saves = 0;

  constructor(saved?: string) {
    this.saved = saved === undefined ? undefined : Buffer.from(saved);
  }

  async load() {
    return this.saved;
  }

  async save(state: Uint8Array) {
    this.saved = state;
    this.saves++;
  }

  get text(): string {
    return Buffer.from(this.saved ?? []).toString();
  }
}

/** Blobs of 1000 bytes upstream, and a way to pull them one after the other. */
async function withBlobs(count: number, options: Partial<PullThroughOptions> = {}) {
  const made = createPullThrough(options);
  await made.registry.start();
  const digests: Digest[] = [];
  for (let seed = 1; seed <= count; seed++) {
    const content = sampleBytes(1000, seed);
    await made.upstream.content.repository(NAME).blobs.put(content);
    digests.push(digestOf(content));
  }
  const { blobs } = made.store.repository(NAME);
  const isKept = async (digest: Digest) => (await blobs.stat(digest)) !== undefined;
  const pull = async (digest: Digest) => {
    const before = made.events.length;
    await pullBlob(made.repository, digest);
    await expect
      .poll(() => made.events.slice(before))
      .toContainEqual(expect.objectContaining({ type: 'fetched' }));
    await made.clock.advance(1);
  };
  const kept = () => Promise.all(digests.map(isKept));
  return { ...made, digests, pull, kept };
}

describe('expiry by time', () => {
  it('removes a blob a week after it was fetched, however often it was used', async () => {
    const discarded: Digest[] = [];
    const discard = async (digest: Digest) => void discarded.push(digest);
    const { digests, pull, kept, clock, repository, events } = await withBlobs(1, { discard });
    await pull(digests[0]!);
    await clock.advance(167 * HOUR);
    await pullBlob(repository, digests[0]!);
    expect(await kept()).toEqual([true]);
    await clock.advance(HOUR);
    expect(await kept()).toEqual([false]);
    expect(discarded).toEqual(digests);
    expect(events.at(-1)).toMatchObject({ type: 'removed', reason: 'expired' });
  });

  it('removes a manifest, which is then fetched anew', async () => {
    const { upstream, repository, clock, store, registry } = createPullThrough({ ttlMs: HOUR });
    await registry.start();
    const { digest } = await pushImage(upstream.content);
    await repository.tags.get(LATEST);
    await clock.advance(HOUR);
    expect(await store.repository(NAME).manifests.exists(digest)).toBe(false);
    expect(await repository.tags.get(LATEST)).toBe(digest);
    expect(await store.repository(NAME).manifests.exists(digest)).toBe(true);
  });

  it('counts anew for what is fetched anew', async () => {
    const { digests, pull, kept, clock, store } = await withBlobs(1, { ttlMs: 10 * HOUR });
    await pull(digests[0]!);
    await clock.advance(6 * HOUR);
    await store.repository(NAME).blobs.delete(digests[0]!);
    await pull(digests[0]!);
    await clock.advance(6 * HOUR);
    expect(await kept()).toEqual([true]);
    await clock.advance(4 * HOUR);
    expect(await kept()).toEqual([false]);
  });

  it('never happens with a time of 0', async () => {
    const state = new MemoryState();
    const { digests, pull, kept, clock, registry } = await withBlobs(1, { ttlMs: 0, state });
    await pull(digests[0]!);
    await clock.advance(100_000 * HOUR);
    expect(await kept()).toEqual([true]);
    await registry.close();
    expect(state.saves).toBe(0);
  });

  it('leaves alone what was here before', async () => {
    const { store, clock, registry, repository } = createPullThrough();
    await registry.start();
    const { layerDigest } = await pushImage(store);
    await pullBlob(repository, layerDigest);
    await clock.advance(200 * HOUR);
    expect(await store.repository(NAME).blobs.stat(layerDigest)).toBeDefined();
  });

  it('tries again what failed, and tells', async () => {
    const { digests, pull, kept, clock, store, events } = await withBlobs(1, { ttlMs: HOUR });
    await pull(digests[0]!);
    const { blobs } = store.repository(NAME);
    const original = blobs.delete.bind(blobs);
    blobs.delete = async () => {
      throw new RegistryError('UNSUPPORTED');
    };
    await clock.advance(HOUR);
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'UNSUPPORTED' } });
    blobs.delete = original;
    await clock.advance(60_000);
    expect(await kept()).toEqual([false]);
  });
});

describe('expiry by bytes', () => {
  it('removes what was unused for longest', async () => {
    const { digests, pull, kept, repository } = await withBlobs(4, { maximumBytes: 3000 });
    for (const digest of digests.slice(0, 3)) await pull(digest);
    await pullBlob(repository, digests[0]!);
    await pull(digests[3]!);
    await expect.poll(kept).toEqual([true, false, true, true]);
  });

  it('counts content once that is kept in two repositories, and frees its bytes with the last', async () => {
    const discarded: Digest[] = [];
    const { digests, pull, registry, upstream, clock, events } = await withBlobs(3, {
      maximumBytes: 2000,
      discard: async (digest) => void discarded.push(digest),
    });
    const other = 'team/other' as typeof NAME;
    await upstream.content.repository(other).blobs.put(sampleBytes(1000, 1));
    await pullBlob(registry.repository(other), digests[0]!);
    await expect.poll(() => events.length).toBe(1);
    await clock.advance(1);
    await pull(digests[0]!);
    await pull(digests[1]!);
    expect(events.filter(({ type }) => type === 'removed')).toEqual([]);
    await pull(digests[2]!);
    await expect.poll(() => discarded).toEqual([digests[0]]);
    expect(events.filter(({ type }) => type === 'removed')).toHaveLength(2);
  });

  it('serves what alone is larger than the limit, and does not keep it', async () => {
    const { digests, pull, kept } = await withBlobs(1, { maximumBytes: 999 });
    await pull(digests[0]!);
    await expect.poll(kept).toEqual([false]);
  });
});

describe('the state of the expiry', () => {
  it('is saved soon after a change, in the form of distribution', async () => {
    const state = new MemoryState();
    const { digests, pull, clock } = await withBlobs(1, { state });
    await pull(digests[0]!);
    expect(state.saves).toBe(0);
    await clock.advance(5000);
    const key = `team/app@${digests[0]}`;
    expect(JSON.parse(state.text)).toEqual({
      [key]: {
        Key: key,
        ExpiryData: '2026-01-09T03:04:05.678Z',
        EntryType: 0,
        Size: 1000,
        UsedAt: '2026-01-02T03:04:05.678Z',
      },
    });
  });

  it('is saved at the end, and goes on in the next process', async () => {
    const state = new MemoryState();
    const first = await withBlobs(1, { state });
    await first.pull(first.digests[0]!);
    await first.registry.close();
    const { clock, registry, store } = first;
    await using next = createPullThrough({
      store,
      state,
      clock,
      upstreams: [{ name: 'upstream.example', registry: first.upstream.registry }],
    }).registry;
    await next.start();
    await clock.advance(167 * HOUR);
    expect(await first.kept()).toEqual([true]);
    await clock.advance(2 * HOUR);
    expect(await first.kept()).toEqual([false]);
    await registry.close();
  });

  it('of distribution is understood, with nanoseconds and a time zone', async () => {
    const store = createMemoryRegistry({ references: false });
    const { digest, layerDigest } = await pushImage(store);
    const entry = (of: Digest, type: number) =>
      `"team/app@${of}":{"Key":"team/app@${of}","ExpiryData":"2026-01-02T05:04:05.123456789+01:00","EntryType":${type}}`;
    const state = new MemoryState(
      `{${entry(layerDigest, 0)},${entry(digest, 1)},"junk":{"Key":7}}`,
    );
    const { registry, clock } = createPullThrough({ store, state });
    await registry.start();
    const { blobs, manifests } = store.repository(NAME);
    await clock.advance(HOUR - 2000);
    expect(await manifests.exists(digest)).toBe(true);
    await clock.advance(2000);
    expect(await manifests.exists(digest)).toBe(false);
    expect(await blobs.stat(layerDigest)).toBeUndefined();
  });

  it('that cannot be read is told, and does not keep the registry from serving', async () => {
    const { registry, events, digests, pull } = await withBlobs(1, { state: new MemoryState('{') });
    expect(events[0]).toMatchObject({ type: 'failed' });
    await pull(digests[0]!);
    await registry.close();
  });
});
