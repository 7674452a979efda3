import { digestOf, parseRepositoryName, parseTag, type Digest } from '@purser/core';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it, vi } from 'vitest';
import { decoder } from '../fixtures/images.ts';
import { blobDataPath, revisionLinkPath, tagCurrentPath } from '../paths.ts';
import { createGarbageCollector } from './create-garbage-collector.ts';

vi.setConfig({ testTimeout: 300_000 });

const name = parseRepositoryName('a');
const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const empty = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: digestOf(Buffer.from('{}')),
  size: 2,
};

function manifest(more: object): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      artifactType: 'a/b',
      config: empty,
      layers: [empty],
      ...more,
    }),
  );
}

/** Stores manifests as another registry would have. In the order of their digests, which is quicker. */
async function store(
  driver: MemoryDriver,
  manifests: readonly Buffer[],
): Promise<readonly Digest[]> {
  const byDigest = new Map(manifests.map((content) => [digestOf(content), content]));
  for (const digest of [...byDigest.keys()].sort()) {
    await driver.putContent(blobDataPath(digest), byDigest.get(digest)!);
    await driver.putContent(revisionLinkPath(name, digest), Buffer.from(digest));
  }
  return [...byDigest.keys()];
}

/** Stores a tagged manifest and many that refer to it as their subject. */
async function storeReferrers(driver: MemoryDriver, count: number) {
  const subject = manifest({});
  const described = { mediaType, digest: digestOf(subject), size: subject.byteLength };
  const referrers = Array.from({ length: count }, (_, index) =>
    manifest({ subject: described, annotations: { index: String(index) } }),
  );
  await store(driver, [subject, ...referrers]);
  const tag = tagCurrentPath(name, parseTag('latest'));
  await driver.putContent(tag, Buffer.from(described.digest));
  return { stored: count + 1, tag };
}

async function collectOffline(driver: MemoryDriver) {
  const collector = createGarbageCollector({ driver, decoder });
  return collector.collect({ offline: true, deleteUntagged: true });
}

describe('a collection, against unbounded lists', () => {
  it('keeps 130,000 referrers of one subject', async () => {
    const driver = new MemoryDriver();
    const { stored } = await storeReferrers(driver, 130_000);
    expect(await collectOffline(driver)).toMatchObject({
      needed: { manifests: stored },
      deleted: { manifests: 0 },
    });
  });

  it('deletes the referrers of a subject with it', async () => {
    const driver = new MemoryDriver();
    const { stored, tag } = await storeReferrers(driver, 1000);
    await driver.delete(tag);
    expect(await collectOffline(driver)).toMatchObject({
      needed: { manifests: 0 },
      deleted: { manifests: stored },
    });
  });

  it('holds nothing for references to content that does not exist', async () => {
    const driver = new MemoryDriver();
    const manifests = Array.from({ length: 10 }, (_, row) => {
      const layers = Array.from({ length: 5000 }, (__, column) => ({
        mediaType: 'application/octet-stream',
        digest: digestOf(Buffer.from(`${row} ${column}`)),
        size: 1,
      }));
      return manifest({ layers });
    });
    const digests = await store(driver, manifests);
    for (const [index, digest] of digests.entries()) {
      const tag = tagCurrentPath(name, parseTag(`tag-${index}`));
      if (index % 2 === 0) await driver.putContent(tag, Buffer.from(digest));
    }
    expect(await collectOffline(driver)).toMatchObject({
      needed: { manifests: 5, digests: 5 },
      deleted: { manifests: 5 },
    });
  });
});
