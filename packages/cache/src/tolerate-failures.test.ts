import { digestOf, OCTET_STREAM, parseRepositoryName } from '@purser/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheState } from './cache-observer.ts';
import { faultyCache, type Fault } from './fixtures/faulty-cache.ts';
import { createMemoryCache } from './memory-cache.ts';
import { tolerateFailures, type TolerateFailuresOptions } from './tolerate-failures.ts';

const digest = digestOf(Buffer.from('content'));
const descriptor = { mediaType: OCTET_STREAM, digest, size: 7 };
const name = parseRepositoryName('library/debian');
const broken = new Error('connection refused');
const works: Fault = async () => {};
const fails: Fault = async () => {
  throw broken;
};
const hangs: Fault = () => new Promise(() => {});

/** A tolerant cache over one that can be broken, and what its observer was told. */
function underTest(options: TolerateFailuresOptions = {}) {
  const inner = createMemoryCache();
  const state = { fault: works, calls: 0 };
  const told: [CacheState, unknown][] = [];
  const outcomes: string[] = [];
  const errors: unknown[] = [];
  const cache = tolerateFailures(
    faultyCache(inner, (operation) => {
      state.calls += 1;
      return state.fault(operation);
    }),
    {
      observer: {
        onLookup: (outcome, scope) => void outcomes.push(`${outcome} ${scope}`),
        onError: (error) => void errors.push(error),
        onStateChange: (to, cause) => void told.push([to, cause]),
      },
      ...options,
    },
  );
  return {
    cache,
    state,
    told,
    outcomes,
    errors,
    blobs: cache.forRepository(name, 'blobs'),
    innerBlobs: inner.forRepository(name, 'blobs'),
  };
}

async function askTimes(count: number, ask: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < count; time++) await ask();
}

describe('tolerating failures of a cache', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    // lru-cache takes the time 0 for none.
    vi.advanceTimersByTime(1);
  });
  afterEach(() => void vi.useRealTimers());

  it('takes a failure for a miss, and says so', async () => {
    const { blobs, state, outcomes, errors } = underTest();
    await blobs.set(digest, descriptor);
    expect(await blobs.stat(digest)).toEqual(descriptor);
    state.fault = fails;
    expect(await blobs.stat(digest)).toBeUndefined();
    expect(outcomes).toEqual(['hit repository', 'miss repository']);
    expect(errors).toEqual([broken]);
  });

  it('waits no longer than it may for an answer', async () => {
    const { blobs, state } = underTest({ timeoutMs: 30 });
    state.fault = hangs;
    const answer = blobs.stat(digest);
    await vi.advanceTimersByTimeAsync(31);
    expect(await answer).toBeUndefined();
  });

  it('asks no more after several failures in a row, and says so once', async () => {
    const { blobs, state, told } = underTest({ maximumFailures: 3 });
    state.fault = fails;
    await askTimes(10, () => blobs.stat(digest));
    expect(state.calls).toBe(3);
    expect(told).toEqual([['set aside', broken]]);
  });

  it('goes on asking when failures are not in a row', async () => {
    const { blobs, state, told } = underTest({ maximumFailures: 2 });
    for (let time = 0; time < 5; time++) {
      state.fault = fails;
      await blobs.stat(digest);
      state.fault = works;
      await blobs.stat(digest);
    }
    expect(told).toEqual([]);
  });

  it('probes once in a while, and uses the cache again when it works', async () => {
    const { blobs, state, told } = underTest({ maximumFailures: 1, retryMs: 500 });
    await blobs.set(digest, descriptor);
    state.fault = fails;
    await blobs.stat(digest);
    state.calls = 0;
    await vi.advanceTimersByTimeAsync(1600);
    expect(state.calls).toBe(3);
    state.fault = works;
    await vi.advanceTimersByTimeAsync(500);
    expect(told).toEqual([
      ['set aside', broken],
      ['in use', undefined],
    ]);
    expect(await blobs.stat(digest)).toEqual(descriptor);
  });

  it('lets no one wait for a probe that hangs', async () => {
    const { blobs, state } = underTest({ maximumFailures: 1, retryMs: 500 });
    state.fault = fails;
    await blobs.stat(digest);
    state.fault = hangs;
    await vi.advanceTimersByTimeAsync(510);
    expect(await blobs.stat(digest)).toBeUndefined();
    await blobs.set(digest, descriptor);
    await blobs.clear(digest);
  });

  it('does a clear that failed before it believes the cache again', async () => {
    const { blobs, innerBlobs, state } = underTest();
    await blobs.set(digest, descriptor);
    state.fault = fails;
    await blobs.clear(digest);
    state.fault = works;
    expect(await blobs.stat(digest)).toBeUndefined();
    expect(await innerBlobs.stat(digest)).toEqual(descriptor);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await innerBlobs.stat(digest)).toBeUndefined();
    await blobs.set(digest, descriptor);
    expect(await blobs.stat(digest)).toEqual(descriptor);
  });

  it('stays aside while a clear still fails, though questions are answered', async () => {
    const { blobs, cache, state, told } = underTest({ maximumFailures: 1 });
    await blobs.set(digest, descriptor);
    state.fault = fails;
    await blobs.clear(digest);
    state.fault = async (operation) => {
      if (operation === 'clear') throw broken;
    };
    await vi.advanceTimersByTimeAsync(5000);
    expect(await cache.global.stat(digest)).toBeUndefined();
    expect(told).toEqual([['set aside', broken]]);
    state.fault = works;
    await vi.advanceTimersByTimeAsync(1000);
    expect(told.at(-1)).toEqual(['in use', undefined]);
    expect(await blobs.stat(digest)).toBeUndefined();
  });

  it('clears what was set too slowly: it may have arrived', async () => {
    const { blobs, innerBlobs, state } = underTest({ timeoutMs: 50 });
    const arrived = Promise.withResolvers<void>();
    state.fault = () => arrived.promise;
    const setting = blobs.set(digest, descriptor);
    await vi.advanceTimersByTimeAsync(51);
    await setting;
    state.fault = works;
    arrived.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(await innerBlobs.stat(digest)).toEqual(descriptor);
    expect(await blobs.stat(digest)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await innerBlobs.stat(digest)).toBeUndefined();
  });

  it('does not believe an answer that was on its way while a clear failed', async () => {
    const { blobs, state } = underTest();
    await blobs.set(digest, descriptor);
    const arrived = Promise.withResolvers<void>();
    state.fault = () => arrived.promise;
    const answer = blobs.stat(digest);
    state.fault = fails;
    await blobs.clear(digest);
    arrived.resolve();
    expect(await answer).toBeUndefined();
  });

  it('believes nothing until all has expired when it cannot remember what to clear', async () => {
    const { blobs, cache, state, told } = underTest({ maximumOwed: 2, entryLifetimeMs: 60_000 });
    const digests = [0, 1, 2].map((index) => digestOf(Buffer.from(`${index}`)));
    for (const each of digests) await blobs.set(each, descriptor);
    state.fault = fails;
    for (const each of digests) await blobs.clear(each);
    state.fault = works;
    await vi.advanceTimersByTimeAsync(59_000);
    expect(await cache.global.stat(digest)).toBeUndefined();
    for (const each of digests) expect(await blobs.stat(each)).toBeUndefined();
    expect(told).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(told.map(([to]) => to)).toEqual(['set aside', 'in use']);
    for (const each of digests) expect(await blobs.stat(each)).toBeUndefined();
  });

  it('keeps no more clears than it may, however many fail', async () => {
    const { blobs, state } = underTest({ maximumOwed: 3, maximumFailures: 1 });
    state.fault = fails;
    for (let index = 0; index < 50; index++) await blobs.clear(digestOf(Buffer.from(`${index}`)));
    state.fault = works;
    state.calls = 0;
    await vi.advanceTimersByTimeAsync(1000);
    // Three clears and a probe.
    expect(state.calls).toBe(4);
  });

  it('does not probe when it is disposed of', async () => {
    const { blobs, cache, state } = underTest({ maximumFailures: 1 });
    state.fault = fails;
    await blobs.stat(digest);
    cache[Symbol.dispose]();
    state.calls = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.calls).toBe(0);
  });
});
