import { describe, expect, it } from 'vitest';
import { digestOf, type Descriptor, type Manifest } from '@purser/core';
import { describeBytes, sampleBytes, sampleImage } from '@purser/core/testing';
import { errorOf, headersOf } from '../fixtures/answers.ts';
import { pushImage } from '../fixtures/push-image.ts';
import { serve, type TestRegistry } from '../fixtures/serve.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** An image, and two manifests that refer to it, in the order in which they are listed. */
async function serveReferrers(options: Parameters<typeof serve>[0] = {}) {
  const server = await serve(options);
  const repository = server.repository('a/b');
  const image = await pushImage(repository);
  const config = describeBytes(sampleBytes(10, 2), 'application/config+json');
  const referrers: Manifest[] = ['one', 'two'].map((text) =>
    sampleImage({
      config,
      layers: [],
      subject: describeBytes(image.manifest.payload, image.manifest.mediaType),
      annotations: { text },
    }),
  );
  for (const referrer of referrers) await repository.manifests.put(referrer);
  const digests = referrers.map(({ payload }) => digestOf(payload)).toSorted();
  return { server, subject: image.digest, digests };
}

function list({ url }: TestRegistry, digest: string, query = ''): Promise<Response> {
  return fetch(`${url}/v2/a/b/referrers/${digest}${query}`);
}

async function listedBy(response: Response): Promise<readonly Descriptor[]> {
  return ((await response.json()) as { manifests: readonly Descriptor[] }).manifests;
}

describe('the referrers of a digest', () => {
  it('are an image index', async () => {
    const { server, subject, digests } = await serveReferrers();
    await using _ = server;
    const response = await list(server, subject);
    expect(response.status).toBe(200);
    expect(headersOf(response, 'content-type', 'link', 'oci-filters-applied')).toEqual({
      'content-type': INDEX,
      link: null,
      'oci-filters-applied': null,
    });
    const index = (await response.clone().json()) as object;
    expect(index).toMatchObject({ schemaVersion: 2, mediaType: INDEX });
    expect((await listedBy(response)).map(({ digest }) => digest)).toEqual(digests);
  });

  it('are none for a digest or a repository that nobody knows', async () => {
    await using server = await serve();
    for (const digest of [digestOf(sampleBytes(3)), 'unknown:00']) {
      const response = await list(server, digest);
      expect(response.status).toBe(200);
      expect(await listedBy(response)).toEqual([]);
    }
  });

  it('are refused for what is no digest', async () => {
    await using server = await serve();
    for (const digest of ['sha256:00', 'latest']) {
      expect(await errorOf(await list(server, digest))).toEqual({
        status: 400,
        code: 'DIGEST_INVALID',
      });
    }
  });

  it('are filtered by artifact type, whose plus sign clients forget to encode', async () => {
    const { server, subject } = await serveReferrers();
    await using _ = server;
    for (const type of ['application/config+json', 'application%2Fconfig%2Bjson']) {
      const response = await list(server, subject, `?artifactType=${type}`);
      expect(response.headers.get('oci-filters-applied')).toBe('artifactType');
      expect(await listedBy(response)).toHaveLength(2);
    }
    expect(await listedBy(await list(server, subject, '?artifactType=a/b'))).toEqual([]);
  });

  it('come in pages that are no larger than a manifest, and keep the filter', async () => {
    const { server, subject, digests } = await serveReferrers({ maximumManifestSize: 500 });
    await using _ = server;
    const first = await list(server, subject, '?artifactType=application/config%2Bjson');
    const link = first.headers.get('link') ?? '';
    expect(link).toContain('artifactType=application%2Fconfig%2Bjson');
    expect(link).toMatch(/^<\/v2\/a\/b\/referrers\/sha256:[0-9a-f]{64}\?.*>; rel="next"$/);
    const second = await fetch(server.url + link.slice(1, link.indexOf('>')));
    expect(second.headers.get('link')).toBeNull();
    const listed = [...(await listedBy(first)), ...(await listedBy(second))];
    expect(listed.map(({ digest }) => digest)).toEqual(digests);
  });
});

describe('pushing a manifest', () => {
  it('with a subject says that the subject was understood', async () => {
    const { server, subject } = await serveReferrers();
    await using _ = server;
    const config = describeBytes(sampleBytes(10, 2));
    const { payload, mediaType } = sampleImage({
      config,
      layers: [],
      subject: { mediaType: INDEX, digest: subject, size: 1 },
    });
    for (const reference of ['tag', digestOf(payload)]) {
      const response = await fetch(`${server.url}/v2/a/b/manifests/${reference}`, {
        method: 'PUT',
        body: Buffer.from(payload),
        headers: { 'Content-Type': mediaType },
      });
      expect(response.status).toBe(201);
      expect(response.headers.get('oci-subject')).toBe(subject);
    }
  });
});
