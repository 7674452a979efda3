import {
  digestOf,
  parseRepositoryName,
  parseTag,
  type Descriptor,
  type Digest,
} from '@purser/core';
import { describeBytes, sampleBytes, sampleImage } from '@purser/core/testing';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { decoder, pushBlob, pushImage, sampleImageContent } from './fixtures/images.ts';
import { observeCalls } from './fixtures/recording-driver.ts';

const name = parseRepositoryName('a');

function counted(driver = new MemoryDriver()) {
  const calls: string[] = [];
  const observed = observeCalls(driver, (method, path) => void calls.push(`${method} ${path}`));
  const registry = createRegistry({ driver: observed, decoder, deletion: true });
  return { registry, repository: registry.repository(name), driver, calls };
}

function missingBlobs(count: number): Descriptor[] {
  return Array.from({ length: count }, (_, index) => describeBytes(Buffer.from(`layer ${index}`)));
}

function imageOf(layers: readonly Descriptor[]) {
  return sampleImage({ config: describeBytes(sampleBytes(2)), layers: [...layers] });
}

describe('costly requests: a manifest with many missing layers', () => {
  it('is refused with a bounded number of errors, without looking for the others', async () => {
    const { repository, calls } = counted();
    await pushBlob(repository, sampleBytes(2));
    calls.length = 0;
    const failure = await repository.manifests
      .put(imageOf(missingBlobs(5000)))
      .catch((error) => error);
    expect(failure).toMatchObject({ code: 'MANIFEST_BLOB_UNKNOWN' });
    expect(failure.related).toHaveLength(100);
    expect(failure.related.at(-1)).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
      message:
        '4900 more references of the manifest may be missing: push what is missing and retry',
      detail: { unchecked: 4900 },
    });
    expect(calls.length).toBeLessThan(500);
  });

  it('names each of a few', async () => {
    const { repository } = counted();
    await pushBlob(repository, sampleBytes(2));
    const layers = missingBlobs(100);
    const failure = await repository.manifests.put(imageOf(layers)).catch((error) => error);
    const named = [failure, ...failure.related].map(({ detail }) => detail.digest);
    expect(named).toEqual(layers.map(({ digest }) => digest));
  });

  it('is looked through no further when the signal is aborted, and leaves nothing', async () => {
    const { repository, calls } = counted();
    const layers = Array.from({ length: 200 }, (_, index) => Buffer.from(`layer ${index}`));
    for (const layer of [sampleBytes(2), ...layers]) await pushBlob(repository, layer);
    const controller = new AbortController();
    calls.length = 0;
    const put = repository.manifests.put(imageOf(layers.map((layer) => describeBytes(layer))), {
      signal: controller.signal,
    });
    controller.abort(new Error('left'));
    await expect(put).rejects.toThrow('left');
    expect(calls.length).toBeLessThan(100);
    expect(calls.filter((call) => call.startsWith('putContent'))).toEqual([]);
  });
});

describe('costly requests: the deletion of a manifest among many tags', () => {
  it('ends when the signal is aborted, and can be repeated', async () => {
    const controller = new AbortController();
    let deletions = 0;
    const driver = observeCalls(new MemoryDriver(), (method) => {
      if (method === 'delete' && ++deletions === 50) controller.abort(new Error('left'));
    });
    const repository = createRegistry({ driver, decoder, deletion: true }).repository(name);
    const digest = await pushImage(repository);
    const tags = Array.from({ length: 100 }, (_, index) => parseTag(`t${100 + index}`));
    for (const tag of tags) await repository.tags.tag(tag, digest);
    const { signal } = controller;
    await expect(repository.manifests.delete(digest, { signal })).rejects.toThrow('left');
    expect(deletions).toBe(50);
    expect(await repository.manifests.exists(digest)).toBe(true);
    await repository.manifests.delete(digest);
    expect(await repository.manifests.exists(digest)).toBe(false);
    for await (const tag of repository.tags.list()) expect.fail(tag);
  });

  it('shares a bounded number of places with others', async () => {
    const driver = new MemoryDriver();
    const options = { driver, decoder, deletion: true, walks: { places: 1, queue: 0 } };
    const repository = createRegistry(options).repository(name);
    const digest = await pushImage(repository);
    for (let index = 0; index < 1100; index++) {
      const path = `/docker/registry/v2/repositories/a/_manifests/tags/t${index}/current/link`;
      await driver.putContent(path, Buffer.from(digestOf(Buffer.from('other'))));
    }
    const both = await Promise.allSettled([collect(digest), collect(digest)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await collect(digest)).toEqual([]);

    async function collect(wanted: Digest) {
      const found: string[] = [];
      for await (const tag of repository.tags.lookup(wanted)) found.push(tag);
      return found;
    }
  });
});

describe('costly requests: a mount without a source', () => {
  it('looks in a bounded number of repositories', async () => {
    const { repository, driver, calls } = counted();
    for (let index = 0; index < 1000; index++) {
      const path = `/docker/registry/v2/repositories/many/r${index}/_manifests/x`;
      await driver.putContent(path, Buffer.from(''));
    }
    expect(await repository.blobs.mount(digestOf(sampleBytes(7)), {})).toBeUndefined();
    expect(calls.length).toBeLessThan(150);
  });
});

describe('costly requests: referrers', () => {
  async function withReferrers(count: number) {
    const world = counted();
    const { repository } = world;
    await pushBlob(repository, sampleBytes(2));
    const subject = describeBytes(sampleBytes(9), 'application/vnd.oci.image.manifest.v1+json');
    for (let index = 0; index < count; index++) {
      const annotations = { index: String(index) };
      await repository.manifests.put(sampleImage({ ...imageParts(), subject, annotations }));
    }
    return { ...world, subject: subject.digest };
  }

  const imageParts = () => ({ config: describeBytes(sampleBytes(2)), layers: [] });

  it('that a filter leaves out are looked at as far as the budget goes', async () => {
    const { repository, subject, calls } = await withReferrers(60);
    const emptyPage = async (after: string | undefined) => {
      let spentAt: string | undefined;
      const budget = { entries: 20, onSpent: (position: string) => void (spentAt = position) };
      const options = { artifactType: 'absent/absent', after, budget };
      for await (const { digest } of repository.referrers.list(subject, options)) {
        expect.fail(digest);
      }
      return spentAt;
    };
    await emptyPage(undefined);
    calls.length = 0;
    const second = await emptyPage(undefined);
    expect(calls.filter((call) => /getContent .*_referrers/.test(call))).toHaveLength(20);
    const third = await emptyPage(second);
    expect([second, third]).not.toContain(undefined);
    expect(third).not.toBe(second);
    expect(await emptyPage(third)).toBeUndefined();
  });

  it('that another registry stored are looked for once, however many ask', async () => {
    const { repository, subject, driver, calls } = await withReferrers(5);
    await driver.delete('/docker/registry/v2/repositories/a/_referrers');
    calls.length = 0;
    const asking = Array.from({ length: 10 }, async () => {
      let found = 0;
      for await (const _ of repository.referrers.list(subject)) found++;
      return found;
    });
    expect(await Promise.all(asking)).toEqual(asking.map(() => 5));
    expect(calls.filter((call) => call.startsWith('walk'))).toHaveLength(1);
  });
});

describe('costly requests: the catalog', () => {
  it('looks at as many names as the budget says, listed or not', async () => {
    const { registry, driver } = counted();
    for (let index = 0; index < 300; index++) {
      const kind = index % 50 === 49 ? '_manifests' : '_uploads';
      const path = `/docker/registry/v2/repositories/r${100 + index}/${kind}/x`;
      await driver.putContent(path, Buffer.from(''));
    }
    const found: string[] = [];
    const positions: (string | undefined)[] = [];
    let after: string | undefined;
    do {
      let spentAt: string | undefined;
      const budget = { entries: 40, onSpent: (position: string) => void (spentAt = position) };
      for await (const each of registry.repositories({ after, budget })) found.push(each);
      positions.push(spentAt);
      after = spentAt;
    } while (after !== undefined);
    expect(found).toEqual(['r149', 'r199', 'r249', 'r299', 'r349', 'r399']);
    expect(positions).toEqual(['r139', 'r179', 'r219', 'r259', 'r299', 'r339', 'r379', undefined]);
  });
});

describe('costly requests: a long page of the catalog', () => {
  it('is read by few clients at a time, and a short one at once', async () => {
    const { registry, driver } = counted();
    const { blobs, manifest } = sampleImageContent();
    for (let index = 0; index < 300; index++) {
      const repository = registry.repository(parseRepositoryName(`many/r${1000 + index}`));
      await pushImage(repository, { blobs, manifest });
    }
    const bounded = createRegistry({ driver, decoder, walks: { places: 1, queue: 0 } });
    const budget = { entries: 1000, onSpent: () => {} };
    const held = bounded.repositories({ budget })[Symbol.asyncIterator]();
    for (let index = 0; index < 250; index++) await held.next();
    const read = async (limit: number) => {
      const names: string[] = [];
      for await (const each of bounded.repositories({ limit, budget })) names.push(each);
      return names;
    };
    await expect(read(300)).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' });
    expect(await read(100)).toHaveLength(100);
    await held.return?.();
    expect(await read(300)).toHaveLength(300);
  });
});
