import { describe, expect, it } from 'vitest';
import { digestOf, type Descriptor, type Digest } from '@purser/core';
import { describeBytes, sampleBytes, sampleIndex } from '@purser/core/testing';
import { errorOf } from '../fixtures/answers.ts';
import {
  describeManifestBytes,
  IMAGE,
  INDEX,
  manifestOf,
  RepositoryClient,
} from './fixtures/repository-client.ts';

/** An image that others can refer to. */
async function serveSubject(options: Parameters<typeof RepositoryClient.serve>[0] = {}) {
  const client = await RepositoryClient.serve(options);
  const image = await client.prepareImage();
  await client.push('latest', image);
  return { client, subject: describeManifestBytes(image) };
}

/** Pushes an image that refers to a subject; text makes it differ from others. */
async function refer(client: RepositoryClient, subject: Descriptor, text: string): Promise<Digest> {
  return client.pushImage([], { subject, annotations: { text } });
}

const digestsOf = (entries: readonly Descriptor[]) => entries.map(({ digest }) => digest);

describe('Subject', () => {
  it('S-1 says that a subject was understood, of images and indexes, by tag and by digest', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const image = await client.prepareImage({ subject });
    const index = manifestOf(INDEX, { manifests: [], subject });
    for (const manifest of [image, index]) {
      for (const reference of ['referrer', digestOf(manifest.payload)]) {
        const response = await client.put(reference, manifest);
        expect(response.headers.get('oci-subject')).toBe(subject.digest);
      }
    }
  });

  it('S-1 says nothing of a subject when there is none', async () => {
    await using client = await RepositoryClient.serve();
    const response = await client.put('latest', await client.prepareImage());
    expect(response.headers.get('oci-subject')).toBeNull();
  });

  it('S-3 lists a manifest once that was pushed by digest and by tags', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const digest = await client.pushImage(['one', 'two'], { subject });
    expect(digestsOf(await client.referrers(subject.digest))).toEqual([digest]);
  });
});

describe('Referrers', () => {
  it('R-1 answers with an image index, typed as one', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    for (const digest of [subject.digest, 'unknown:00']) {
      const response = await client.get(`referrers/${digest}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe(INDEX);
      expect(await response.json()).toEqual({ schemaVersion: 2, mediaType: INDEX, manifests: [] });
    }
  });

  it('R-2 answers with an empty index in a repository that does not exist', async () => {
    await using client = await RepositoryClient.serve();
    const response = await client.get(`referrers/${digestOf(sampleBytes(3))}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ manifests: [] });
  });

  it.each(['sha256:00', `sha256:${'A'.repeat(64)}`, 'latest', 'sha256:'])(
    'R-3 refuses the digest %s',
    async (digest) => {
      const { client } = await serveSubject();
      await using _ = client;
      const response = await client.get(`referrers/${digest}`);
      expect(await errorOf(response)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
    },
  );

  it('R-4 lists what refers to the digest in this repository, and nothing else', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const manifest = await client.prepareImage({ subject });
    await client.push(digestOf(manifest.payload), manifest);
    await refer(client, describeBytes(sampleBytes(5), IMAGE), 'to another');
    await refer(client.in('a/c'), subject, 'elsewhere');
    expect(await client.referrers(subject.digest)).toEqual([
      expect.objectContaining(describeManifestBytes(manifest)),
    ]);
  });

  it('R-5 types an image by its artifactType, or else by its config', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const configType = 'application/vnd.example.config';
    await client.pushImage([], { subject, configType });
    await client.pushImage([], { subject, configType, artifactType: 'application/vnd.own' });
    const types = (await client.referrers(subject.digest)).map((entry) => entry.artifactType);
    expect(new Set(types)).toEqual(new Set([configType, 'application/vnd.own']));
  });

  it('R-6 types an index by its artifactType, or else not at all', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const plain = manifestOf(INDEX, { manifests: [], subject });
    const typed = manifestOf(INDEX, { manifests: [], subject, artifactType: 'application/x.y' });
    for (const index of [plain, typed]) await client.push(digestOf(index.payload), index);
    const entries = await client.referrers(subject.digest);
    const entryOf = (digest: Digest) => entries.find((entry) => entry.digest === digest);
    expect(entryOf(digestOf(plain.payload))).not.toHaveProperty('artifactType');
    expect(entryOf(digestOf(typed.payload))?.artifactType).toBe('application/x.y');
  });

  it('R-7 gives the annotations of the manifest, all of them', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const annotations = { 'org.example.a': '1', 'org.example.b': '', 'org.opencontainers.x': 'ü' };
    await client.pushImage([], { subject, annotations });
    const [entry] = await client.referrers(subject.digest);
    expect(entry?.annotations).toEqual(annotations);
  });

  it('R-8 splits what is too large for a manifest into pages that are indexes', async () => {
    const { client, subject } = await serveSubject({ maximumManifestSize: 1000 });
    await using _ = client;
    const pushed: Digest[] = [];
    for (let count = 0; count < 7; count++) pushed.push(await refer(client, subject, `${count}`));
    const listed: Digest[] = [];
    let pages = 0;
    for (let url: string | undefined = client.url(`referrers/${subject.digest}`); url; pages++) {
      const response: Response = await fetch(url);
      expect(Number(response.headers.get('content-length'))).toBeLessThanOrEqual(1000);
      const index = (await response.json()) as { manifests: Descriptor[] };
      expect(index).toMatchObject({ schemaVersion: 2, mediaType: INDEX });
      listed.push(...digestsOf(index.manifests));
      const [, next] = /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '') ?? [];
      url = next && new URL(next, client.server.url).href;
    }
    expect(pages).toBeGreaterThan(2);
    expect(listed.toSorted()).toEqual(pushed.toSorted());
  });

  it('R-9 lists only what has the artifact type asked for', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const one = await client.pushImage([], { subject, artifactType: 'application/vnd.one+json' });
    await client.pushImage([], { subject, artifactType: 'application/vnd.two+json' });
    const query = '?artifactType=application%2Fvnd.one%2Bjson';
    expect(digestsOf(await client.referrers(subject.digest, query))).toEqual([one]);
    expect(await client.referrers(subject.digest, '?artifactType=a/b')).toEqual([]);
  });

  it('R-10 says that it filtered, and only then', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const applied = async (query: string) =>
      (await client.get(`referrers/${subject.digest}${query}`)).headers.get('oci-filters-applied');
    expect(await applied('?artifactType=a/b')).toBe('artifactType');
    expect(await applied('')).toBeNull();
    expect(await applied('?annotation=a')).toBeNull();
  });

  it('R-11 keeps the filter from page to page', async () => {
    const { client, subject } = await serveSubject({ maximumManifestSize: 700 });
    await using _ = client;
    const artifactType = 'application/vnd.kept+json';
    const kept: Digest[] = [];
    for (let count = 0; count < 4; count++) {
      const annotations = { text: `${count}` };
      kept.push(await client.pushImage([], { subject, artifactType, annotations }));
      await refer(client, subject, `${count}`);
    }
    const listed: Digest[] = [];
    let query: string | undefined = `?artifactType=${encodeURIComponent(artifactType)}`;
    while (query !== undefined) {
      const response: Response = await client.get(`referrers/${subject.digest}${query}`);
      expect(response.headers.get('oci-filters-applied')).toBe('artifactType');
      listed.push(...digestsOf(((await response.json()) as { manifests: Descriptor[] }).manifests));
      [, query] = /(\?.*)>; rel="next"$/.exec(response.headers.get('link') ?? '') ?? [];
    }
    expect(listed.toSorted()).toEqual(kept.toSorted());
  });

  it('R-12 forgets a referrer at once when it is deleted', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const gone = await refer(client, subject, 'gone');
    const kept = await refer(client, subject, 'kept');
    await client.send('DELETE', `manifests/${gone}`);
    expect(digestsOf(await client.referrers(subject.digest))).toEqual([kept]);
  });

  it('R-13 lists the referrers of a subject that was deleted or never pushed', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const early = describeBytes(sampleBytes(5), IMAGE);
    const referrers = [await refer(client, subject, 'a'), await refer(client, early, 'b')];
    await client.send('DELETE', `manifests/${subject.digest}`);
    expect(digestsOf(await client.referrers(subject.digest))).toEqual([referrers[0]]);
    expect(digestsOf(await client.referrers(early.digest))).toEqual([referrers[1]]);
  });

  it.each(['sha512', 'unknown'])(
    'R-14 goes by the literal digest of a subject: %s',
    async (kind) => {
      const { client, subject } = await serveSubject();
      await using _ = client;
      const payload = sampleBytes(5);
      const digest = (kind === 'sha512' ? digestOf(payload, kind) : 'unknown+x:Ab=_-') as Digest;
      const referrer = await refer(client, { ...subject, digest }, kind);
      expect(digestsOf(await client.referrers(digest))).toEqual([referrer]);
      expect(await client.referrers(digestOf(payload))).toEqual([]);
    },
  );
});

describe('Fallback tag', () => {
  it('F-1 takes fallback tags of clients for tags like any other', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    const index = sampleIndex([subject]);
    const tags = [`sha256-${'a'.repeat(64)}`, `sha512-${'b'.repeat(64)}`, 'a-b-x-y'];
    for (const tag of tags) expect((await client.put(tag, index)).status).toBe(201);
    expect(await client.tags()).toEqual(['a-b-x-y', 'latest', ...tags.slice(0, 2)]);
    await client.send('DELETE', `manifests/${subject.digest}`);
    expect((await client.get(`manifests/${tags[0]}`)).status).toBe(200);
  });

  it('F-5 lists every manifest with a subject that is pushed, beside a fallback tag', async () => {
    const { client, subject } = await serveSubject();
    await using _ = client;
    await client.push(subject.digest.replace(':', '-'), sampleIndex([]));
    const digest = await refer(client, subject, 'new');
    expect(digestsOf(await client.referrers(subject.digest))).toEqual([digest]);
  });
});
