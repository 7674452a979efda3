import assert from 'node:assert/strict';
import type { BlobDescriptorCache, BlobDescriptorService } from '../blob-descriptor-service.ts';
import { OCTET_STREAM, type Descriptor } from '../descriptor.ts';
import { digestOf, type DigestAlgorithm } from '../digest.ts';
import { parseRepositoryName } from '../repository-name.ts';
import type { TestRunner } from './suite.ts';

export interface BlobDescriptorCacheUnderTest {
  /** Empty, and shared with no other test. */
  readonly cache: BlobDescriptorCache;
  cleanUp?(): Promise<void>;
}

export interface BlobDescriptorCacheConformanceOptions extends TestRunner {
  createCache(): Promise<BlobDescriptorCacheUnderTest>;
}

type CacheTest = (name: string, body: (cache: BlobDescriptorCache) => Promise<void>) => void;

const first = parseRepositoryName('suite/first');
const second = parseRepositoryName('suite/second');
const digest = digestNamed('content');
const descriptor = describeSized(1234);

/**
 * Declares the tests of what every `BlobDescriptorCache` must do. It must have room for 100 entries and keep them for
 * the time of a test.
 *
 * @param name What is tested, for the report.
 */
export function describeBlobDescriptorCacheConformance(
  name: string,
  options: BlobDescriptorCacheConformanceOptions,
): void {
  const test: CacheTest = (title, body) =>
    options.it(title, async () => {
      const underTest = await options.createCache();
      try {
        await body(underTest.cache);
      } finally {
        await underTest.cleanUp?.();
      }
    });
  options.describe(`a cache of blob descriptors: ${name}`, () => {
    options.describe('globally', () => testService(test, (cache) => cache.global));
    options.describe('of the blobs of a repository', () =>
      testService(test, (cache) => cache.forRepository(first, 'blobs')),
    );
    options.describe('of the manifests of a repository', () =>
      testService(test, (cache) => cache.forRepository(first, 'manifests')),
    );
    testScopes(test);
  });
}

function testService(
  test: CacheTest,
  serviceOf: (cache: BlobDescriptorCache) => BlobDescriptorService,
): void {
  test('remembers nothing at first', async (cache) => {
    assert.equal(await serviceOf(cache).stat(digest), undefined);
  });

  test('gives back what was set', async (cache) => {
    await serviceOf(cache).set(digest, descriptor);
    assert.deepEqual(await serviceOf(cache).stat(digest), descriptor);
    assert.equal(await serviceOf(cache).stat(digestNamed('other')), undefined);
  });

  test('keeps sizes exactly, from nothing to the largest', async (cache) => {
    for (const size of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const sized = describeSized(size);
      await serviceOf(cache).clear(digest);
      await serviceOf(cache).set(digest, sized);
      assert.deepEqual(await serviceOf(cache).stat(digest), sized);
    }
  });

  test('refuses sizes that nothing has', async (cache) => {
    for (const size of [-1, 0.5, Number.NaN, Infinity]) {
      await assert.rejects(serviceOf(cache).set(digest, describeSized(size)), TypeError);
    }
    assert.equal(await serviceOf(cache).stat(digest), undefined);
  });

  test('tells the canonical digest of content that was asked for by another', async (cache) => {
    const alias = digestNamed('content', 'sha512');
    await serviceOf(cache).set(alias, descriptor);
    assert.deepEqual(await serviceOf(cache).stat(alias), descriptor);
  });

  test('replaces what it remembered', async (cache) => {
    const alias = digestNamed('content', 'sha512');
    await serviceOf(cache).set(alias, { ...descriptor, digest: digestNamed('wrong'), size: 1 });
    await serviceOf(cache).set(alias, descriptor);
    assert.deepEqual(await serviceOf(cache).stat(alias), descriptor);
  });

  test('forgets what is cleared, and nothing else', async (cache) => {
    const other = digestNamed('other');
    await serviceOf(cache).set(digest, descriptor);
    await serviceOf(cache).set(other, { ...descriptor, digest: other });
    await serviceOf(cache).clear(digest);
    assert.equal(await serviceOf(cache).stat(digest), undefined);
    assert.equal((await serviceOf(cache).stat(other))?.digest, other);
  });

  test('clears what it does not remember, and again', async (cache) => {
    await serviceOf(cache).clear(digest);
    await serviceOf(cache).clear(digest);
    await serviceOf(cache).set(digest, descriptor);
    assert.deepEqual(await serviceOf(cache).stat(digest), descriptor);
  });

  test('rejects with the reason of a signal that is aborted', async (cache) => {
    const reason = new Error('the caller left');
    const options = { signal: AbortSignal.abort(reason) };
    const service = serviceOf(cache);
    await assert.rejects(service.stat(digest, options), reason);
    await assert.rejects(service.set(digest, descriptor, options), reason);
    await assert.rejects(service.clear(digest, options), reason);
  });

  test('remembers many at once', async (cache) => {
    const digests = Array.from({ length: 30 }, (_, index) => digestNamed(`content ${index}`));
    await Promise.all(
      digests.map((each, size) =>
        serviceOf(cache).set(each, { ...descriptor, digest: each, size }),
      ),
    );
    const found = await Promise.all(digests.map((each) => serviceOf(cache).stat(each)));
    assert.deepEqual(
      found.map((each) => each?.size),
      digests.map((_, index) => index),
    );
  });
}

function testScopes(test: CacheTest): void {
  test('lets no repository know of what is known globally', async (cache) => {
    await cache.global.set(digest, descriptor);
    assert.equal(await cache.forRepository(first, 'blobs').stat(digest), undefined);
    assert.equal(await cache.forRepository(first, 'manifests').stat(digest), undefined);
  });

  test('lets no repository know of what another links', async (cache) => {
    await cache.forRepository(second, 'blobs').set(digest, descriptor);
    assert.equal(await cache.forRepository(first, 'blobs').stat(digest), undefined);
  });

  test('makes a manifest no blob, and a blob no manifest', async (cache) => {
    await cache.forRepository(first, 'manifests').set(digest, descriptor);
    assert.equal(await cache.forRepository(first, 'blobs').stat(digest), undefined);
    await cache.forRepository(second, 'blobs').set(digest, descriptor);
    assert.equal(await cache.forRepository(second, 'manifests').stat(digest), undefined);
  });

  test('does not confuse names that begin alike', async (cache) => {
    await cache
      .forRepository(parseRepositoryName('suite/first/blobs'), 'blobs')
      .set(digest, descriptor);
    assert.equal(await cache.forRepository(first, 'blobs').stat(digest), undefined);
  });

  // CVE-2026-35172
  test('gives a repository nothing back that was cleared there, whatever others set', async (cache) => {
    await cache.forRepository(first, 'blobs').set(digest, descriptor);
    await cache.forRepository(first, 'blobs').clear(digest);
    await cache.forRepository(second, 'blobs').set(digest, descriptor);
    await cache.global.set(digest, descriptor);
    assert.equal(await cache.forRepository(first, 'blobs').stat(digest), undefined);
    assert.deepEqual(await cache.forRepository(second, 'blobs').stat(digest), descriptor);
  });

  test('shares what a repository remembers among all who ask for that repository', async (cache) => {
    await cache.forRepository(first, 'blobs').set(digest, descriptor);
    assert.deepEqual(await cache.forRepository(first, 'blobs').stat(digest), descriptor);
    await cache.forRepository(first, 'blobs').clear(digest);
    assert.equal(await cache.forRepository(first, 'blobs').stat(digest), undefined);
  });
}

function digestNamed(text: string, algorithm?: DigestAlgorithm) {
  return digestOf(Buffer.from(text), algorithm);
}

function describeSized(size: number): Descriptor {
  return { mediaType: OCTET_STREAM, digest, size };
}
