import {
  describeManifest,
  digestOf,
  parseRepositoryName,
  type Descriptor,
  type Repository,
} from '@purser/core';
import { describeBytes, sampleBytes, sampleImage } from '@purser/core/testing';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { decoder, pushBlob, pushImage } from './fixtures/images.ts';
import { rebuildReferrers } from './rebuild-referrers.ts';

const name = parseRepositoryName('library/debian');
const config = sampleBytes(2);

function open(driver: MemoryDriver): Repository {
  return createRegistry({ driver, decoder, deletion: true }).repository(name);
}

function referrerOf(subject: Descriptor, text: string) {
  return sampleImage({
    config: describeBytes(config),
    layers: [],
    subject,
    annotations: { text },
  });
}

async function listed({ referrers }: Repository, { digest }: Descriptor) {
  const digests: string[] = [];
  for await (const referrer of referrers.list(digest)) digests.push(referrer.digest);
  return digests;
}

async function filled() {
  const driver = new MemoryDriver();
  const repository = open(driver);
  await pushBlob(repository, config);
  const subject = describeManifest(await repository.manifests.get(await pushImage(repository)));
  const referrer = referrerOf(subject, 'first');
  const digest = await repository.manifests.put(referrer);
  return { driver, repository, subject, digest };
}

const root = `/docker/registry/v2/repositories/${name}`;

describe('referrers', () => {
  it('F-4 are found in a root that another registry wrote, once', async () => {
    const { driver, subject, digest } = await filled();
    await driver.delete(`${root}/_referrers`);
    expect(await listed(open(driver), subject)).toEqual([digest]);
    expect(await driver.stat(`${root}/_referrers/complete`)).toBeDefined();
  });

  it('F-5 that are pushed afterwards are listed too', async () => {
    const { driver, repository, subject, digest } = await filled();
    await driver.delete(`${root}/_referrers`);
    await listed(repository, subject);
    const second = await repository.manifests.put(referrerOf(subject, 'second'));
    expect(await listed(open(driver), subject)).toEqual([digest, second].toSorted());
  });

  it('are found again, after another registry wrote to the store, when that is asked for', async () => {
    const { driver, repository, subject, digest } = await filled();
    await listed(repository, subject);
    await driver.delete(`${root}/_referrers/sha256`);
    expect(await listed(repository, subject)).toEqual([]);
    const rebuilt = [];
    for await (const each of rebuildReferrers({ driver, decoder })) rebuilt.push(each);
    expect(rebuilt).toEqual([{ name, manifests: 2 }]);
    expect(await listed(repository, subject)).toEqual([digest]);
  });

  it('are not listed when their link was removed by another registry', async () => {
    const { driver, repository, subject, digest } = await filled();
    await driver.delete(`${root}/_manifests/revisions/${digest.replace(':', '/')}/link`);
    expect(await listed(repository, subject)).toEqual([]);
  });

  it.each(['', '{', '{"mediaType":1}', 'null'])(
    'are described anew when their entry is damaged: %j',
    async (content) => {
      const { driver, repository, subject, digest } = await filled();
      for await (const { path, isDirectory } of driver.walk(`${root}/_referrers`)) {
        if (!isDirectory) await driver.putContent(path, Buffer.from(content));
      }
      expect(await listed(repository, subject)).toEqual([digest]);
    },
  );

  it('are pushed by sha512 and listed by that name', async () => {
    const { repository, subject } = await filled();
    const manifest = referrerOf(subject, 'sha512');
    const digest = digestOf(manifest.payload, 'sha512');
    await repository.manifests.put(manifest, { digest });
    expect(await listed(repository, subject)).toContain(digest);
    expect(await listed(repository, subject)).toHaveLength(2);
  });

  it('leave nothing behind when their manifest is refused', async () => {
    const { repository, subject } = await filled();
    const refused = sampleImage({
      config: describeBytes(sampleBytes(9)),
      layers: [],
      subject,
    });
    await expect(repository.manifests.put(refused)).rejects.toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    });
    expect(await listed(repository, subject)).toHaveLength(1);
  });
});

describe('large entries: a listing of large referrers', () => {
  const MEGABYTE = 1_000_000;

  async function withReferrers(count: number, size: number) {
    const { driver, repository, subject } = await filled();
    for (let index = 0; index < count; index++) {
      await repository.manifests.put(referrerOf(subject, `${index}`.padEnd(size)));
    }
    return { driver, repository, subject };
  }

  it('ends early, and goes on where it ended', async () => {
    const { repository, subject } = await withReferrers(8, MEGABYTE);
    const seen: string[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      let spentAt: string | undefined;
      const budget = { entries: 300, onSpent: (position: string) => void (spentAt = position) };
      let large = 0;
      for await (const referrer of repository.referrers.list(subject.digest, { after, budget })) {
        seen.push(referrer.digest);
        if (JSON.stringify(referrer).length >= MEGABYTE) large++;
      }
      expect(large).toBeLessThanOrEqual(3);
      pages++;
      after = spentAt;
    } while (after !== undefined);
    expect(seen).toEqual(await listed(repository, subject));
    expect(seen).toHaveLength(9);
    expect(pages).toBeGreaterThanOrEqual(3);
  });

  it('reads one large referrer at a time', async () => {
    const { driver, repository, subject } = await withReferrers(8, MEGABYTE);
    let reading = 0;
    let most = 0;
    const read = driver.getContent.bind(driver);
    driver.getContent = async (path, options) => {
      if (!path.includes('/_referrers/')) return read(path, options);
      most = Math.max(most, ++reading);
      try {
        return await read(path, options);
      } finally {
        reading--;
      }
    };
    expect(await listed(repository, subject)).toHaveLength(9);
    expect(most).toBe(1);
  });
});
