import {
  digestOf,
  OCTET_STREAM,
  parseRepositoryName,
  type BlobDescriptorCache,
  type BlobDescriptorService,
  type Descriptor,
} from '@purser/core';
import { describeBlobDescriptorCacheConformance } from '@purser/core/conformance';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryCache } from './memory-cache.ts';
import { tolerateFailures } from './tolerate-failures.ts';

describeBlobDescriptorCacheConformance('in memory', {
  describe,
  it,
  createCache: async () => ({ cache: createMemoryCache() }),
});

describeBlobDescriptorCacheConformance('in memory, failures tolerated', {
  describe,
  it,
  createCache: async () => ({ cache: tolerateFailures(createMemoryCache()) }),
});

const name = parseRepositoryName('library/debian');
const digests = Array.from({ length: 5 }, (_, index) => digestOf(Buffer.from(`${index}`)));

describe('the memory cache', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    // lru-cache takes the time 0 for none.
    vi.advanceTimersByTime(1);
  });
  afterEach(() => void vi.useRealTimers());

  it('forgets what was used least recently when it is full', async () => {
    const { global } = createMemoryCache({ maximumEntries: 2 });
    await remember(global, 0, 1);
    await global.stat(digests[0]!);
    await remember(global, 2);
    expect(await known(global)).toEqual([true, false, true, false, false]);
  });

  it('counts the entries of all repositories together', async () => {
    const cache = createMemoryCache({ maximumEntries: 2 });
    await remember(cache.global, 0);
    await remember(cache.forRepository(name, 'blobs'), 0);
    await remember(cache.forRepository(name, 'manifests'), 0);
    expect(await known(cache.global)).toEqual([false, false, false, false, false]);
  });

  it('forgets what is older than it may be, however often it is asked for', async () => {
    const { global } = createMemoryCache({ maximumAgeMs: 1000 });
    await remember(global, 0);
    vi.advanceTimersByTime(999);
    expect(await global.stat(digests[0]!)).toBeDefined();
    vi.advanceTimersByTime(2);
    expect(await global.stat(digests[0]!)).toBeUndefined();
  });

  it('keeps no more of a descriptor than is asked of a cache', async () => {
    const { global } = createMemoryCache();
    await global.set(digests[0]!, {
      ...describeEntry(0),
      data: 'aGVsbG8=',
      annotations: { a: 'b' },
    });
    expect(await global.stat(digests[0]!)).toEqual(describeEntry(0));
  });

  it('tells its observer of hits and misses, and where', async () => {
    const onLookup = vi.fn<(outcome: string, scope: string) => void>();
    const cache = createMemoryCache({ observer: { onLookup } });
    await remember(cache.global, 0);
    await cache.global.stat(digests[0]!);
    await cache.forRepository(name, 'blobs').stat(digests[0]!);
    expect(onLookup.mock.calls).toEqual([
      ['hit', 'global'],
      ['miss', 'repository'],
    ]);
  });

  it.each([
    { maximumEntries: 0 },
    { maximumEntries: 1e7 },
    { maximumAgeMs: 0 },
    { maximumAgeMs: 1.5 },
  ])('refuses %o', (options) => {
    expect(() => createMemoryCache(options)).toThrow(TypeError);
  });

  it('says only what was set and not cleared since, in any order of calls', async () => {
    const step = fc.record({
      scope: fc.constantFrom(...Object.keys(scopes)),
      entry: fc.nat(digests.length - 1),
      action: fc.constantFrom('set', 'clear', 'stat'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const cache = createMemoryCache({ maximumEntries: 4 });
        const held = new Set<string>();
        for (const { scope, entry, action } of steps) {
          const service = scopes[scope]!(cache);
          if (action === 'set') await remember(service, entry);
          if (action === 'clear') await service.clear(digests[entry]!);
          if (action === 'set') held.add(`${scope} ${entry}`);
          if (action === 'clear') held.delete(`${scope} ${entry}`);
          const found = await service.stat(digests[entry]!);
          const isHeld = held.has(`${scope} ${entry}`);
          const allowed = isHeld ? [describeEntry(entry)] : [];
          expect(action === 'set' ? allowed : [...allowed, undefined]).toContainEqual(found);
        }
      }),
    );
  });
});

const scopes: Record<string, (cache: BlobDescriptorCache) => BlobDescriptorService> = {
  global: (cache) => cache.global,
  blobs: (cache) => cache.forRepository(name, 'blobs'),
  manifests: (cache) => cache.forRepository(name, 'manifests'),
  others: (cache) => cache.forRepository(parseRepositoryName('library/alpine'), 'blobs'),
};

function describeEntry(entry: number): Descriptor {
  return { mediaType: OCTET_STREAM, digest: digests[entry]!, size: entry };
}

async function remember(service: BlobDescriptorService, ...entries: number[]): Promise<void> {
  for (const entry of entries) await service.set(digests[entry]!, describeEntry(entry));
}

async function known(service: BlobDescriptorService): Promise<boolean[]> {
  const found = await Promise.all(digests.map((digest) => service.stat(digest)));
  return found.map((each) => each !== undefined);
}
