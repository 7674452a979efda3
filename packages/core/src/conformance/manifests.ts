import assert from 'node:assert/strict';
import { describeManifest } from '../describe-manifest.ts';
import { digestOf, parseDigest } from '../digest.ts';
import type { Tag } from '../tag.ts';
import { describeBytes, sampleBytes, sampleImage, sampleIndex } from '../testing/samples.ts';
import {
  fails,
  prepareImage,
  pushImage,
  repositoryOf,
  type RegistrySupport,
  type RegistryTest,
} from './suite.ts';

export function testManifests(test: RegistryTest, supports: RegistrySupport = {}): void {
  testStoring(test);
  if (supports.manifestsApart ?? true) testApart(test);
  testReferences(test);
  testDeleting(test);
}

function testStoring(test: RegistryTest): void {
  test('gives back the manifest that was put, byte for byte', async (registry) => {
    const repository = repositoryOf(registry);
    const manifest = await prepareImage(repository);
    const digest = await repository.manifests.put(manifest);
    assert.equal(digest, digestOf(manifest.payload));
    assert.equal(await repository.manifests.exists(digest), true);
    const stored = await repository.manifests.get(digest);
    assert.equal(stored.mediaType, manifest.mediaType);
    assert.deepEqual(Buffer.from(stored.payload), Buffer.from(manifest.payload));
  });

  test('takes the same manifest again', async (registry) => {
    const repository = repositoryOf(registry);
    const manifest = await prepareImage(repository);
    const digests = await Promise.all([
      repository.manifests.put(manifest),
      repository.manifests.put(manifest),
    ]);
    assert.equal(digests[0], digests[1]);
    assert.equal(await repository.manifests.put(manifest), digests[0]);
  });

  test('stores a manifest by sha512 when asked to', async (registry) => {
    const repository = repositoryOf(registry);
    const manifest = await prepareImage(repository);
    const digest = digestOf(manifest.payload, 'sha512');
    assert.equal(await repository.manifests.put(manifest, { digest }), digest);
    const stored = await repository.manifests.get(digest);
    assert.deepEqual(Buffer.from(stored.payload), Buffer.from(manifest.payload));
  });

  test('refuses a manifest that its digest does not name', async (registry) => {
    const repository = repositoryOf(registry);
    const manifest = await prepareImage(repository);
    const digest = digestOf(Buffer.from('another'));
    await fails(repository.manifests.put(manifest, { digest }), 'DIGEST_INVALID');
    await fails(
      repository.manifests.put(manifest, { digest: parseDigest('md5:00') }),
      'DIGEST_INVALID',
    );
    assert.equal(await repository.manifests.exists(digestOf(manifest.payload)), false);
  });

  test('does not know a manifest of another repository', async (registry) => {
    const { digest } = await pushImage(repositoryOf(registry));
    const other = repositoryOf(registry, 'suite/second');
    assert.equal(await other.manifests.exists(digest), false);
    await fails(other.manifests.get(digest), 'MANIFEST_UNKNOWN');
  });

  test('does not take a blob for a manifest', async (registry) => {
    const repository = repositoryOf(registry);
    const manifest = await prepareImage(repository);
    for (const content of [sampleBytes(10), manifest.payload]) {
      const { digest } = await repository.blobs.put(content);
      assert.equal(await repository.manifests.exists(digest), false);
      await fails(repository.manifests.get(digest), 'MANIFEST_UNKNOWN');
    }
  });
}

function testApart(test: RegistryTest): void {
  test('does not take a manifest for a blob', async (registry) => {
    const repository = repositoryOf(registry);
    const { digest } = await pushImage(repository);
    assert.equal(await repository.blobs.stat(digest), undefined);
  });
}

function testReferences(test: RegistryTest): void {
  test('names every blob that a manifest lacks', async (registry) => {
    const repository = repositoryOf(registry);
    const config = describeBytes(sampleBytes(10, 7));
    const layers = [describeBytes(sampleBytes(10, 8)), describeBytes(sampleBytes(10, 9))];
    const error = await fails(
      repository.manifests.put(sampleImage({ config, layers })),
      'MANIFEST_BLOB_UNKNOWN',
    );
    const details = [error, ...error.related].map(({ detail }) => detail);
    assert.deepEqual(
      details,
      [config, ...layers].map(({ digest }) => ({ digest })),
    );
  });

  test('refuses a manifest whose blobs only another repository has', async (registry) => {
    const manifest = await prepareImage(repositoryOf(registry));
    const other = repositoryOf(registry, 'suite/second');
    await fails(other.manifests.put(manifest), 'MANIFEST_BLOB_UNKNOWN');
    assert.equal(await other.manifests.exists(digestOf(manifest.payload)), false);
  });

  test('takes an index of manifests, and an index of none', async (registry) => {
    const repository = repositoryOf(registry);
    const images = [
      await pushImage(repository, { seed: 1 }),
      await pushImage(repository, { seed: 2 }),
    ];
    for (const members of [images, []]) {
      const digest = await repository.manifests.put(sampleIndex(members));
      const { references } = await repository.manifests.get(digest);
      assert.deepEqual(
        references.map(({ descriptor }) => descriptor.digest),
        members.map((member) => member.digest),
      );
    }
  });

  test('refuses an index of a manifest it lacks', async (registry) => {
    const repository = repositoryOf(registry);
    const manifest = await prepareImage(repository);
    await fails(
      repository.manifests.put(sampleIndex([describeManifest(manifest)])),
      'MANIFEST_BLOB_UNKNOWN',
    );
  });
}

function testDeleting(test: RegistryTest): void {
  test('deletes a manifest with the tags that name it, and no others', async (registry) => {
    const repository = repositoryOf(registry);
    const { digest } = await pushImage(repository);
    const kept = await pushImage(repository, { seed: 2 });
    await repository.tags.tag('first' as Tag, digest);
    await repository.tags.tag('second' as Tag, digest);
    await repository.tags.tag('kept' as Tag, kept.digest);
    await repository.manifests.delete(digest);
    assert.equal(await repository.manifests.exists(digest), false);
    await fails(repository.manifests.get(digest), 'MANIFEST_UNKNOWN');
    assert.equal(await repository.tags.get('first' as Tag), undefined);
    assert.equal(await repository.tags.get('second' as Tag), undefined);
    assert.equal(await repository.tags.get('kept' as Tag), kept.digest);
  });

  test('does not delete what it does not have', async (registry) => {
    const repository = repositoryOf(registry);
    await fails(repository.manifests.delete(digestOf(Buffer.from('x'))), 'MANIFEST_UNKNOWN');
  });
}
