import {
  describeManifest,
  digestOf,
  parseDigest,
  parseRepositoryName,
  parseTag,
  type Descriptor,
  type Digest,
  type Repository,
} from '@purser/core';
import { describeBytes, sampleBytes, sampleImage, sampleIndex } from '@purser/core/testing';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { chunksOf, decoder, pushBlob, pushImage } from './fixtures/images.ts';

const NAME = parseRepositoryName('library/debian');
const CONFIG = sampleBytes(2);

function open(driver: MemoryDriver): Repository {
  const references = { manifests: 'none' } as const;
  return createRegistry({ driver, decoder, references }).repository(NAME);
}

async function refer(repository: Repository, subject: Descriptor): Promise<Descriptor> {
  await pushBlob(repository, CONFIG);
  const referrer = sampleImage({ config: describeBytes(CONFIG), layers: [], subject });
  await repository.manifests.put(referrer);
  return describeManifest(referrer);
}

async function referrersOf({ referrers }: Repository, subject: Digest): Promise<readonly Digest[]> {
  const digests: Digest[] = [];
  for await (const { digest } of referrers.list(subject)) digests.push(digest);
  return digests;
}

describe('what the OCI distribution-spec asks of storage', () => {
  it('F-3 lists what a fallback tag names if it is there and refers to the subject', async () => {
    const driver = new MemoryDriver();
    const repository = open(driver);
    const subject = describeManifest(await repository.manifests.get(await pushImage(repository)));
    const other = describeBytes(sampleBytes(3), subject.mediaType);
    const referrer = await refer(repository, subject);
    const fallback = sampleIndex([referrer, await refer(repository, other), other]);
    const digest = await repository.manifests.put(fallback);
    await repository.tags.tag(parseTag(subject.digest.replace(':', '-')), digest);
    await driver.delete(`/docker/registry/v2/repositories/${NAME}/_referrers`);
    expect(await referrersOf(open(driver), subject.digest)).toEqual([referrer.digest]);
  });

  it('R-14 lists what refers to a subject whose algorithm cannot be computed', async () => {
    const repository = open(new MemoryDriver());
    for (const digest of [
      parseDigest(`blake3:${'a'.repeat(64)}`),
      parseDigest('unknown+x:Ab=_-'),
    ]) {
      const referrer = await refer(repository, { ...describeBytes(sampleBytes(3)), digest });
      expect(await referrersOf(repository, digest)).toEqual([referrer.digest]);
    }
  });

  it('U-13 keeps one copy of a blob that several clients push at once', async () => {
    const driver = new MemoryDriver();
    const { blobs } = open(driver);
    const content = sampleBytes(100_000);
    const writers = await Promise.all(Array.from({ length: 5 }, () => blobs.create()));
    await Promise.all(writers.map((writer) => writer.append(chunksOf(content))));
    await Promise.all(writers.map((writer) => writer.commit(digestOf(content))));
    const files: string[] = [];
    for await (const { path } of driver.walk('/docker/registry/v2')) {
      if (path.endsWith('/data')) files.push(path);
    }
    expect(files).toHaveLength(1);
  });
});
