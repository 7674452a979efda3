import { parseTag, RegistryError } from '@purser/core';
import { describe, expect, it } from 'vitest';
import {
  createPullThrough,
  LATEST,
  listOf,
  NAME,
  pushImage,
} from './fixtures/create-pull-through.ts';
import { UpstreamUnderTest } from './fixtures/upstream-under-test.ts';

const DOWN = new RegistryError('UNAVAILABLE', { message: 'no route to host' });

async function withImage() {
  const made = createPullThrough();
  const image = await pushImage(made.upstream.content);
  return { ...made, ...image };
}

describe('a pulled tag', () => {
  it('costs one upstream request, and names a manifest that is then here', async () => {
    const { repository, upstream, digest, manifest } = await withImage();
    expect(await repository.tags.get(LATEST)).toBe(digest);
    expect((await repository.manifests.get(digest)).payload).toEqual(manifest.payload);
    expect(upstream.asked).toEqual(['tag']);
  });

  it('is asked for on condition that it has changed', async () => {
    const { repository, upstream, digest } = await withImage();
    await repository.tags.get(LATEST);
    const conditions: unknown[] = [];
    const { manifests } = upstream.registry.repository(NAME);
    expect(manifests).toHaveProperty('getByTag');
    upstream.onGetByTag = (options) => conditions.push(options?.ifNoneMatch);
    expect(await repository.tags.get(LATEST)).toBe(digest);
    expect(conditions).toEqual([digest]);
  });

  it('is asked for once by all who ask at one time', async () => {
    const { repository, upstream, digest } = await withImage();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => repository.tags.get(LATEST)),
    );
    expect(new Set(answers)).toEqual(new Set([digest]));
    expect(upstream.asked).toEqual(['tag']);
  });

  it('follows upstream when it moves', async () => {
    const { repository, upstream, store } = await withImage();
    await repository.tags.get(LATEST);
    const { digest: moved } = await pushImage(upstream.content, { seed: 2 });
    expect(await repository.tags.get(LATEST)).toBe(moved);
    expect(await store.repository(NAME).tags.get(LATEST)).toBe(moved);
  });

  it('names what it named before while upstream is down, and says so', async () => {
    const { registry, upstream, digest, events } = await withImage();
    await registry.repository(NAME).tags.get(LATEST);
    upstream.failure = DOWN;
    const stale: string[] = [];
    const repository = registry.repository(NAME, { onStale: (name) => stale.push(name) });
    expect(await repository.tags.get(LATEST)).toBe(digest);
    expect(stale).toEqual(['upstream.example']);
    expect(events).toContainEqual({ type: 'outage', upstream: 'upstream.example', error: DOWN });
  });

  it('does not wait for an upstream that failed just now, and asks again 10 seconds later', async () => {
    const { repository, upstream, clock } = await withImage();
    await repository.tags.get(LATEST);
    upstream.failure = DOWN;
    await repository.tags.get(LATEST);
    upstream.failure = undefined;
    const { digest: moved } = await pushImage(upstream.content, { seed: 2 });
    expect(await repository.tags.get(LATEST)).not.toBe(moved);
    expect(upstream.count('tag')).toBe(2);
    await clock.advance(10_000);
    expect(await repository.tags.get(LATEST)).toBe(moved);
  });

  it('is a failure with a code when it was never pulled and upstream is down', async () => {
    const { repository, upstream } = await withImage();
    upstream.failure = DOWN;
    await expect(repository.tags.get(LATEST)).rejects.toBe(DOWN);
  });

  it.each(['UNAUTHORIZED', 'DENIED'] as const)(
    'is not served from here when upstream answers %s',
    async (code) => {
      const { repository, upstream } = await withImage();
      await repository.tags.get(LATEST);
      upstream.failure = new RegistryError(code);
      await expect(repository.tags.get(LATEST)).rejects.toMatchObject({ code });
    },
  );

  it('is gone when upstream says so, also when upstream is down afterwards', async () => {
    const { repository, upstream } = await withImage();
    await repository.tags.get(LATEST);
    await upstream.content.repository(NAME).tags.untag(LATEST);
    expect(await repository.tags.get(LATEST)).toBeUndefined();
    upstream.failure = DOWN;
    await expect(repository.tags.get(LATEST)).rejects.toBe(DOWN);
  });

  it('of an upstream without a shortcut is looked up, and its manifest fetched when it is wanted', async () => {
    const upstream = new UpstreamUnderTest({ hasShortcuts: false });
    const { repository } = createPullThrough({
      upstreams: [{ name: 'upstream.example', registry: upstream.registry }],
    });
    const { digest, layerDigest } = await pushImage(upstream.content);
    expect(await repository.tags.get(LATEST)).toBe(digest);
    await repository.manifests.get(digest);
    (await repository.blobs.open(layerDigest)).destroy();
    expect(upstream.asked).toEqual(['tag', 'manifest', 'stat', 'open']);
  });
});

describe('a pulled manifest', () => {
  it('is told to have come from upstream to who asked for it first, by its digest or by a tag', async () => {
    const { registry, served, digest } = await withImage();
    const byTag = registry.repository(NAME);
    await byTag.tags.get(LATEST);
    await byTag.manifests.get(digest);
    await registry.repository(NAME).manifests.get(digest);
    const other = await withImage();
    await other.repository.manifests.get(other.digest);
    const from = [...served, ...other.served].map((event) => event.from);
    expect(from).toEqual(['upstream', 'store', 'upstream']);
  });

  it('is fetched by its digest once, and then served without asking', async () => {
    const { repository, upstream, digest, manifest } = await withImage();
    await Promise.all(Array.from({ length: 20 }, () => repository.manifests.get(digest)));
    upstream.failure = DOWN;
    expect((await repository.manifests.get(digest)).payload).toEqual(manifest.payload);
    expect(await repository.manifests.exists(digest)).toBe(true);
    expect(upstream.asked).toEqual(['manifest']);
  });

  it('that is not what its digest says is refused, and not kept', async () => {
    const { repository, upstream, digest, store } = await withImage();
    const { manifest: other } = await pushImage(upstream.content, { seed: 2 });
    const { manifests } = upstream.content.repository(NAME);
    manifests.get = async () => other;
    await expect(repository.manifests.get(digest)).rejects.toMatchObject({
      code: 'RESPONSE_INVALID',
    });
    expect(await store.repository(NAME).manifests.exists(digest)).toBe(false);
  });

  it('is served although it cannot be kept', async () => {
    const { repository, store, digest, events } = await withImage();
    store.repository(NAME).manifests.put = async () => {
      throw new RegistryError('STORAGE_FULL');
    };
    await repository.manifests.get(digest);
    expect(events.map(({ type }) => type)).toEqual(['fetched', 'failed']);
  });

  it('is unknown when upstream does not have it', async () => {
    const { repository, upstream, digest } = await withImage();
    await upstream.content.repository(NAME).manifests.delete(digest);
    expect(await repository.manifests.exists(digest)).toBe(false);
    await expect(repository.manifests.get(digest)).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    });
  });
});

describe('lists', () => {
  it('of tags are those of upstream, or those pulled before, and it is said which', async () => {
    const { registry, upstream, digest } = await withImage();
    await upstream.content.repository(NAME).tags.tag(parseTag('never-pulled'), digest);
    const stale: string[] = [];
    const { tags } = registry.repository(NAME, { onStale: (name) => stale.push(name) });
    await tags.get(LATEST);
    expect(await listOf(tags.list())).toEqual(['latest', 'never-pulled']);
    expect(await listOf(tags.list({ after: 'latest', limit: 1 }))).toEqual(['never-pulled']);
    upstream.failure = DOWN;
    expect(await listOf(tags.list())).toEqual(['latest']);
    expect(stale).toEqual(['upstream.example']);
  });

  it('of an upstream that knows no such repository are not made up', async () => {
    const { repository } = createPullThrough();
    await expect(listOf(repository.tags.list())).rejects.toMatchObject({ code: 'NAME_UNKNOWN' });
  });

  it('of repositories are what was pulled', async () => {
    const { registry, repository } = await withImage();
    expect(await listOf(registry.repositories())).toEqual([]);
    await repository.tags.get(LATEST);
    expect(await listOf(registry.repositories())).toEqual([NAME]);
  });

  it('of referrers are those of upstream', async () => {
    const { repository, digest, upstream } = await withImage();
    expect(await listOf(repository.referrers.list(digest))).toEqual([]);
    expect(upstream.asked).toEqual(['referrers']);
  });
});

describe('pushing to a repository that is pulled through', () => {
  it('is refused, in every way', async () => {
    const { repository, digest, manifest, layerDigest } = await withImage();
    const { blobs, manifests, tags } = repository;
    const attempts = [
      blobs.put(Buffer.of(1)),
      blobs.create(),
      blobs.resume('0195c3'),
      blobs.uploadStatus('0195c3'),
      blobs.mount(layerDigest, {}),
      blobs.delete(layerDigest),
      manifests.put(manifest),
      manifests.delete(digest),
      tags.tag(LATEST, digest),
      tags.untag(LATEST),
    ];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
  });
});
