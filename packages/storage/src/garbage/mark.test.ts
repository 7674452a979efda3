import {
  describeManifest,
  digestOf,
  parseRepositoryName,
  parseTag,
  type Digest,
} from '@purser/core';
import { describeBytes, sampleBytes, sampleImage, sampleIndex } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import { createWorld } from '../fixtures/garbage-world.ts';
import { decoder } from '../fixtures/images.ts';
import { observeCalls } from '../fixtures/recording-driver.ts';
import { blobDataPath, layerLinkPath, revisionLinkPath, tagCurrentPath } from '../paths.ts';

const name = parseRepositoryName('a');
const stray = sampleBytes(7, 99);

describe('what is reachable', () => {
  it('through nested indexes is kept with the tag of the outermost', async () => {
    const { collector, pushImage, pushTagged, files } = createWorld();
    const image = await pushImage(1);
    const inner = sampleIndex([describeManifest(image.manifest)]);
    await pushTagged(inner);
    const outer = await pushTagged(sampleIndex([describeManifest(inner)]), 'latest');
    const before = await files();
    expect(await collector.collect({ deleteUntagged: true })).toMatchObject({
      deleted: { blobs: 0 },
    });
    expect(await files()).toEqual(before);
    expect(outer).toBeDefined();
  });

  it('goes with the tag of the outermost, in one collection', async () => {
    const { collector, repository, pushImage, pushTagged, files } = createWorld();
    const image = await pushImage(1);
    const inner = sampleIndex([describeManifest(image.manifest)]);
    await pushTagged(inner);
    await pushTagged(sampleIndex([describeManifest(inner)]), 'latest');
    await repository().tags.untag(parseTag('latest'));
    expect(await collector.collect({ deleteUntagged: true })).toMatchObject({
      deleted: { blobs: 5, manifests: 3 },
    });
    expect(await files()).toEqual([]);
  });

  it('keeps its repository in the catalog, which forgets those that a collection emptied', async () => {
    const { driver, collector, repository, pushImage } = createWorld();
    await pushImage(1, { name: 'a/kept', tag: 'latest' });
    await pushImage(2, { name: 'a/gone' });
    await pushImage(3, { name: 'a', tag: 'latest' });
    await repository('a').tags.untag(parseTag('latest'));
    const catalog = async () => {
      const names: string[] = [];
      const registry = createRegistry({ driver, decoder });
      for await (const one of registry.repositories()) names.push(one);
      return names;
    };
    expect(await catalog()).toEqual(['a', 'a/gone', 'a/kept']);
    await collector.collect({ deleteUntagged: true });
    expect(await catalog()).toEqual(['a/kept']);
  });

  it('is what refers to a subject, as long as the subject is there', async () => {
    const { collector, repository, pushImage } = createWorld();
    const subject = await pushImage(1, { tag: 'latest' });
    const signature = await pushImage(2, { subject: subject.digest });
    const ofSignature = await pushImage(3, { subject: signature.digest });
    await collector.collect({ deleteUntagged: true });
    expect(await repository().manifests.exists(ofSignature.digest)).toBe(true);
    await repository().tags.untag(parseTag('latest'));
    expect(await collector.collect({ deleteUntagged: true })).toMatchObject({
      deleted: { blobs: 9, manifests: 3 },
    });
  });

  it('by another digest than sha256 is kept by its own', async () => {
    const { collector, repository, pushTagged, files } = createWorld();
    const [config, layer] = [sampleBytes(10, 1), sampleBytes(20, 2)];
    for (const content of [config, layer]) {
      const writer = await repository().blobs.create();
      await writer.append(
        (async function* () {
          yield content;
        })(),
      );
      await writer.commit(digestOf(content, 'sha512'));
    }
    const described = (content: Uint8Array) => ({
      ...describeBytes(content),
      digest: digestOf(content, 'sha512'),
    });
    const manifest = sampleImage({ config: described(config), layers: [described(layer)] });
    const by512 = await repository().manifests.put(manifest, {
      digest: digestOf(manifest.payload, 'sha512'),
    });
    await repository().tags.tag(parseTag('latest'), by512);
    const before = await files();
    await collector.collect({ deleteUntagged: true });
    expect(await files()).toEqual(before);
    await repository().tags.untag(parseTag('latest'));
    expect(await collector.collect({ deleteUntagged: true })).toMatchObject({
      deleted: { blobs: 3, manifests: 2, links: 4 },
    });
    expect(await pushTagged(sampleIndex([]))).toBeDefined();
  });
});

describe('a repository in which something cannot be read', () => {
  it.each<[string, (digest: Digest) => [path: string, content: string | undefined]]>([
    ['a manifest without bytes', (digest) => [blobDataPath(digest), undefined]],
    ['a manifest with other bytes', (digest) => [blobDataPath(digest), '{}']],
    ['a manifest that is no JSON', (digest) => [blobDataPath(digest), 'x']],
    ['a tag that is empty', () => [tagCurrentPath(name, parseTag('latest')), '']],
    ['a link by sha512 to nothing', () => [revisionLinkPath(name, digestOf(stray, 'sha512')), '']],
  ])('keeps everything because of %s, and says so', async (_, damage) => {
    const { driver, collector, repository, pushImage } = createWorld();
    const { digest } = await pushImage(1, { tag: 'latest' });
    await pushImage(2);
    await repository().blobs.put(stray);
    await repository('b').blobs.put(sampleBytes(5, 55));
    const [path, content] = damage(digest);
    if (content === undefined) await driver.delete(path);
    else await driver.putContent(path, Buffer.from(content));
    const report = await collector.collect({ deleteUntagged: true });
    expect(report?.damaged.map(({ repository: damaged }) => damaged)).toContain('a');
    expect(report?.deleted).toMatchObject({ blobs: 1, bytes: 5, links: 1 });
  });

  it('is not needed to tell that an empty link of a known name leads there', async () => {
    const { driver, collector, pushImage } = createWorld();
    const { digest, layer } = await pushImage(1, { tag: 'latest' });
    await driver.putContent(revisionLinkPath(name, digest), Buffer.from(''));
    await driver.putContent(layerLinkPath(name, layer), Buffer.from(''));
    expect(await collector.collect({ deleteUntagged: true })).toMatchObject({
      deleted: { blobs: 0, links: 0, manifests: 0 },
      damaged: [],
    });
  });

  it('is not one where storage fails: then nothing is deleted', async () => {
    const { driver, repository, pushImage, files } = createWorld();
    const { digest } = await pushImage(1);
    await repository().blobs.put(stray);
    const before = await files();
    const failing = observeCalls(driver, (method, path) => {
      if (method === 'getContent' && path === blobDataPath(digest)) throw new Error('unplugged');
    });
    const world = createWorld(failing);
    await expect(world.collector.collect()).rejects.toThrow('unplugged');
    expect(await files()).toEqual(before);
  });

  it('may hold what nobody put there', async () => {
    const { driver, collector, pushImage } = createWorld();
    await pushImage(1);
    const root = '/docker/registry/v2';
    const strange = [
      `${root}/blobs/sha256/ab/note.txt`,
      `${root}/blobs/sha256/README`,
      `${root}/blobs/sha512/ab/data`,
      `${root}/repositories/a/_layers/sha256/xyz/link`,
      `${root}/repositories/a/_manifests/revisions/sha256/link`,
      `${root}/repositories/a/_manifests/tags/v1/other`,
      `${root}/repositories/a/_manifests/tags/file`,
      `${root}/repositories/a/_other/file`,
      `${root}/repositories/file`,
      '/lost-found/file',
    ];
    for (const path of strange) await driver.putContent(path, Buffer.from('?'));
    expect(await collector.collect({ deleteUntagged: true })).toMatchObject({
      deleted: { blobs: 3 },
      damaged: [],
    });
    for (const path of strange) expect(await driver.stat(path)).toBeDefined();
  });
});
