import {
  digestOf,
  parseRepositoryName,
  parseTag,
  type Descriptor,
  type Digest,
  type Repository,
} from '@purser/core';
import {
  createMemoryRegistry,
  describeBytes,
  sampleBytes,
  sampleImage,
} from '@purser/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { copy } from './copy.ts';
import type { CopyEvent } from './copy-event.ts';
import {
  createRepository,
  LATEST,
  missingFrom,
  PLATFORMS,
  pushImage,
  pushPlatforms,
} from './fixtures/sample-images.ts';
import { watchBlobs } from './fixtures/watch-blobs.ts';

const SIGNATURE = 'application/vnd.example.signature';

let from: Repository;
let to: Repository;

beforeEach(() => {
  from = createRepository();
  to = createRepository('mirror/app');
});

describe('copying', () => {
  it('brings an index with all that it leads to, and its tags', async () => {
    const { index, members } = await pushPlatforms(from, PLATFORMS);
    await from.tags.tag(LATEST, index.digest);
    const tags = [LATEST, parseTag('1.0')];
    const result = await copy({ from, reference: LATEST, to, tags });
    expect(result.digest).toBe(index.digest);
    const digests = [index, ...members].map(({ digest }) => digest);
    expect(await missingFrom(to, from, digests)).toEqual([]);
    for (const tag of tags) expect(await to.tags.get(tag)).toBe(index.digest);
    // Three configs, three layers of their own, one that they share; four manifests.
    expect(result.copied.items).toBe(7 + 4);
    expect(result.copied.bytes).toBe(result.plan.copyBytes);
  });

  it('brings what a digest names, without a tag, under that digest', async () => {
    const { digest } = await pushImage(from);
    const manifest = await from.manifests.get(digest);
    const sha512 = digestOf(manifest.payload, 'sha512');
    await from.manifests.put(manifest, { digest: sha512 });
    await copy({ from, reference: sha512, to });
    expect(await to.manifests.exists(sha512)).toBe(true);
    await expect(to.manifests.get(sha512)).resolves.toMatchObject({ payload: manifest.payload });
  });

  it('keeps the name of a blob that is named by sha512', async () => {
    const layer = sampleBytes(400_000);
    const config = Buffer.from('{}');
    await from.blobs.put(config);
    const digest = digestOf(layer, 'sha512');
    const writer = await from.blobs.create();
    await writer.append(
      (async function* () {
        yield layer;
      })(),
    );
    await writer.commit(digest);
    const image = sampleImage({
      config: describeBytes(config),
      layers: [{ ...describeBytes(layer), digest }],
    });
    await copy({ from, reference: await from.manifests.put(image), to });
    expect((await to.blobs.stat(digest))?.size).toBe(layer.byteLength);
  });

  it('leaves out what nothing was asked of: referrers', async () => {
    const subject = await pushImage(from);
    const signature = await pushImage(from, { subject, artifactType: SIGNATURE, seed: 2 });
    await copy({ from, reference: subject.digest, to });
    expect(await to.manifests.exists(signature.digest)).toBe(false);
  });

  it('brings referrers of the index, of its members, and of referrers', async () => {
    const { index, members } = await pushPlatforms(from, PLATFORMS);
    const sbom = await pushImage(from, { subject: members[1]!, artifactType: 'a/sbom', seed: 20 });
    const nested = await pushImage(from, { subject: sbom, artifactType: SIGNATURE, seed: 21 });
    const signature = await pushImage(from, { subject: index, artifactType: SIGNATURE, seed: 22 });
    const order: Digest[] = [];
    await copy(
      { from, reference: index.digest, to, referrers: true },
      {
        observer: (event) => {
          if (event.kind === 'finished') order.push(event.item.descriptor.digest);
        },
      },
    );
    const digests = [index, ...members, sbom, nested, signature].map(({ digest }) => digest);
    expect(await missingFrom(to, from, digests)).toEqual([]);
    const listed: Descriptor[] = [];
    for await (const one of to.referrers.list(sbom.digest)) listed.push(one);
    expect(listed).toMatchObject([{ digest: nested.digest, artifactType: SIGNATURE }]);
    const at = ({ digest }: Descriptor) => order.indexOf(digest);
    expect(at(members[1]!)).toBeLessThan(at(sbom));
    expect(at(sbom)).toBeLessThan(at(nested));
    expect(at(index)).toBeLessThan(at(signature));
    for (const member of members) expect(at(member)).toBeLessThan(at(index));
  });

  it('sends nothing again that is there', async () => {
    const { index } = await pushPlatforms(from, PLATFORMS);
    await copy({ from, reference: index.digest, to, tags: [LATEST] });
    const { repository: source, calls } = watchBlobs(from);
    const events: CopyEvent[] = [];
    const again = await copy(
      { from: source, reference: index.digest, to, tags: [LATEST] },
      { observer: (event) => events.push(event) },
    );
    expect(again.copied).toEqual({ items: 0, bytes: 0 });
    expect(calls).toEqual([]);
    expect(events.map(({ kind }) => kind)).toEqual(['planned']);
  });

  it('goes on where it broke off', async () => {
    const { index } = await pushPlatforms(from, PLATFORMS);
    const target = watchBlobs(to);
    const cut = new Error('connection reset');
    const put = to.blobs.put.bind(to.blobs);
    let puts = 0;
    to.blobs.put = async (...words) => {
      if (++puts === 3) throw cut;
      return put(...words);
    };
    const request = { from, reference: index.digest, to: target.repository, tags: [LATEST] };
    await expect(copy(request, { concurrency: 1 })).rejects.toBe(cut);
    expect(await to.tags.get(LATEST)).toBeUndefined();
    expect(await to.manifests.exists(index.digest)).toBe(false);
    to.blobs.put = put;
    const { plan } = await copy(request);
    const present = plan.items.filter(({ action }) => action === 'present');
    expect(present.length).toBe(3 + 2);
    expect(await to.tags.get(LATEST)).toBe(index.digest);
  });

  it('sends a blob once that many manifests share', async () => {
    const { index } = await pushPlatforms(from, PLATFORMS);
    const { repository, calls } = watchBlobs(from);
    await copy({ from: repository, reference: index.digest, to });
    expect(calls.filter((name) => name === 'open')).toHaveLength(7);
  });

  it('mounts blobs within one registry', async () => {
    const registry = createMemoryRegistry();
    const [here, there] = ['here', 'there'].map((name) =>
      registry.repository(parseRepositoryName(name)),
    ) as [Repository, Repository];
    const { digest } = await pushImage(here);
    const { repository, calls } = watchBlobs(here);
    const result = await copy({
      from: repository,
      reference: digest,
      to: there,
      mountFrom: here.name,
    });
    expect(calls).not.toContain('open');
    expect([result.mounted.items, result.copied.items]).toEqual([3, 1]);
    expect(await missingFrom(there, here, [digest])).toEqual([]);
  });

  it('sends what cannot be mounted', async () => {
    const { digest } = await pushImage(from);
    const result = await copy({ from, reference: digest, to, mountFrom: from.name });
    expect([result.mounted.items, result.copied.items]).toEqual([0, 4]);
  });

  it('tells how far it is', async () => {
    const { digest } = await pushImage(from);
    const events: CopyEvent[] = [];
    await copy(
      { from, reference: digest, to, tags: [LATEST] },
      { observer: (e) => events.push(e) },
    );
    const bytes = events.reduce(
      (sum, event) => sum + (event.kind === 'progress' ? event.bytes : 0),
      0,
    );
    const [first, last] = [events[0], events.at(-1)];
    expect(first).toMatchObject({ kind: 'planned', plan: { copyBytes: bytes } });
    expect(last).toEqual({ kind: 'tagged', tag: LATEST, digest });
    expect(events.filter(({ kind }) => kind === 'started')).toHaveLength(4);
    expect(events.filter(({ kind }) => kind === 'finished')).toHaveLength(4);
  });
});
