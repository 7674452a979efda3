import assert from 'node:assert/strict';
import type { BlobStore } from '../blob.ts';
import { OCTET_STREAM } from '../descriptor.ts';
import { digestOf, parseDigest, type Digest } from '../digest.ts';
import { RegistryError } from '../errors.ts';
import { parseRepositoryName } from '../repository-name.ts';
import { sampleBytes } from '../testing/samples.ts';
import {
  bytesOf,
  fails,
  pushBlob,
  repositoryOf,
  type RegistrySupport,
  type RegistryTest,
} from './suite.ts';

const unknown = digestOf(Buffer.from('never pushed'));
const otherName = parseRepositoryName('suite/second');

export function testBlobs(test: RegistryTest, supports: RegistrySupport = {}): void {
  testReading(test);
  const { mounting = true, mountRights = true } = supports;
  if (mounting) testMounting(test);
  if (mounting && mountRights) testMountRights(test);
  testDeleting(test);
}

function testReading(test: RegistryTest): void {
  test('gives back the bytes that were put', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const content = sampleBytes(300_000);
    const descriptor = await blobs.put(content);
    assert.equal(descriptor.digest, digestOf(content));
    assert.equal(descriptor.size, content.byteLength);
    assert.deepEqual(await bytesOf(await blobs.open(descriptor.digest)), Buffer.from(content));
    assert.equal((await blobs.stat(descriptor.digest))?.size, content.byteLength);
  });

  test('describes a blob that was put by the media type it was put with', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const content = sampleBytes(100);
    const mediaType = 'application/vnd.oci.image.layer.v1.tar';
    const descriptor = await blobs.put(content, { mediaType });
    assert.deepEqual(descriptor, { mediaType, digest: digestOf(content), size: 100 });
    assert.equal((await blobs.put(content)).mediaType, OCTET_STREAM);
  });

  test('keeps a blob of no bytes', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const { digest } = await pushBlob(blobs, new Uint8Array());
    assert.equal((await blobs.stat(digest))?.size, 0);
    assert.equal((await bytesOf(await blobs.open(digest))).byteLength, 0);
  });

  test('does not know a blob that was never pushed', async (registry) => {
    const { blobs } = repositoryOf(registry);
    assert.equal(await blobs.stat(unknown), undefined);
    await fails(blobs.open(unknown), 'BLOB_UNKNOWN');
    assert.equal(await locate(blobs, unknown), undefined);
  });

  test('does not know a blob of an algorithm it cannot compute', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const digest = parseDigest('md5+x:AZ=_-');
    assert.equal(await blobs.stat(digest), undefined);
    await fails(blobs.open(digest), 'BLOB_UNKNOWN');
  });

  test('shows a blob only in the repository it was pushed to', async (registry) => {
    const { digest } = await repositoryOf(registry).blobs.put(sampleBytes(10));
    const other = registry.repository(otherName).blobs;
    assert.equal(await other.stat(digest), undefined);
    await fails(other.open(digest), 'BLOB_UNKNOWN');
  });

  test('gives lent chunks that are right until the next is asked for', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const content = Buffer.from(sampleBytes(3_000_000));
    const { digest } = await blobs.put(content);
    let position = 0;
    for await (const chunk of await blobs.open(digest, { lend: true })) {
      const bytes = chunk as Buffer;
      await new Promise(setImmediate);
      assert.ok(bytes.equals(content.subarray(position, position + bytes.byteLength)));
      position += bytes.byteLength;
    }
    assert.equal(position, content.byteLength);
  });

  test('reads ranges, both ends inclusive', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const content = Buffer.from(sampleBytes(1000));
    const { digest } = await blobs.put(content);
    for (const [start, end] of [
      [0, 0],
      [10, 19],
      [999, 999],
      [0, 999],
    ] as const) {
      const part = await bytesOf(await blobs.open(digest, { range: { start, end } }));
      assert.deepEqual(part, content.subarray(start, end + 1));
    }
  });

  test('refuses ranges that do not lie inside the blob', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const { digest } = await blobs.put(sampleBytes(1000));
    for (const [start, end] of [
      [1000, 1000],
      [0, 1000],
      [5, 4],
      [-1, 3],
    ] as const) {
      await fails(blobs.open(digest, { range: { start, end } }), 'RANGE_UNSATISFIABLE');
    }
  });

  test('stores twice what is put twice, once', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const content = sampleBytes(100);
    const [first, second] = await Promise.all([blobs.put(content), pushBlob(blobs, content)]);
    assert.equal(first.digest, second.digest);
    assert.deepEqual(await bytesOf(await blobs.open(first.digest)), Buffer.from(content));
  });
}

function testMounting(test: RegistryTest): void {
  test('mounts a blob of another repository', async (registry) => {
    const content = sampleBytes(50);
    const { digest } = await registry.repository(otherName).blobs.put(content);
    const { blobs } = repositoryOf(registry);
    const mounted = await blobs.mount(digest, { from: otherName });
    assert.equal(mounted?.size, 50);
    assert.deepEqual(await bytesOf(await blobs.open(digest)), Buffer.from(content));
  });

  test('finds a blob to mount, without being told where it is', async (registry) => {
    const { digest } = await registry.repository(otherName).blobs.put(sampleBytes(50));
    const { blobs } = repositoryOf(registry);
    assert.equal(await blobs.mount(unknown, {}), undefined);
    assert.equal((await blobs.mount(digest, {}))?.size, 50);
    assert.equal((await blobs.stat(digest))?.size, 50);
  });

  test('deletes a mounted blob from where it was mounted only', async (registry) => {
    const { digest } = await registry.repository(otherName).blobs.put(sampleBytes(50));
    const { blobs } = repositoryOf(registry);
    await blobs.mount(digest, { from: otherName });
    await blobs.delete(digest);
    assert.equal(await blobs.stat(digest), undefined);
    assert.equal((await registry.repository(otherName).blobs.stat(digest))?.size, 50);
  });

  test('mounts nothing from a repository without the blob', async (registry) => {
    const { blobs } = repositoryOf(registry);
    await registry.repository(parseRepositoryName('suite/third')).blobs.put(sampleBytes(50));
    const digest = digestOf(sampleBytes(50));
    assert.equal(await blobs.mount(digest, { from: otherName }), undefined);
    assert.equal(await blobs.stat(digest), undefined);
  });
}

function testMountRights(test: RegistryTest): void {
  test('looks for a blob to mount only where the caller may read (CVE-2024-39897)', async (registry) => {
    const { digest } = await registry.repository(otherName).blobs.put(sampleBytes(50));
    const { blobs } = repositoryOf(registry);
    assert.equal(await blobs.mount(digest, { mayRead: () => false }), undefined);
    const asked: string[] = [];
    const mayRead = async (name: string) => asked.push(name) > 0;
    assert.equal((await blobs.mount(digest, { mayRead }))?.size, 50);
    assert.ok(asked.includes(otherName));
  });
}

function testDeleting(test: RegistryTest): void {
  test('deletes a blob from one repository only', async (registry) => {
    const { digest } = await registry.repository(otherName).blobs.put(sampleBytes(50));
    const { blobs } = repositoryOf(registry);
    await blobs.put(sampleBytes(50));
    await blobs.delete(digest);
    assert.equal(await blobs.stat(digest), undefined);
    await fails(blobs.delete(digest), 'BLOB_UNKNOWN');
    assert.equal((await registry.repository(otherName).blobs.stat(digest))?.size, 50);
  });

  test('takes a deleted blob again', async (registry) => {
    const { blobs } = repositoryOf(registry);
    const content = sampleBytes(50);
    const { digest } = await blobs.put(content);
    await blobs.delete(digest);
    await pushBlob(blobs, content);
    assert.equal((await blobs.stat(digest))?.size, 50);
  });
}

/** A URL for a blob, or `undefined` also when the store says that it does not know the blob. */
async function locate(blobs: BlobStore, digest: Digest): Promise<URL | undefined> {
  try {
    return await blobs.locate(digest, { method: 'GET' });
  } catch (error) {
    if (RegistryError.is(error, 'BLOB_UNKNOWN')) return undefined;
    throw error;
  }
}
