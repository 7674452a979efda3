import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { describeBytes, sampleBytes, sampleImage, sampleIndex } from '@purser/core/testing';
import { bytesOf, envelopeOf, errorOf } from '../fixtures/answers.ts';
import {
  describeManifestBytes,
  IMAGE,
  INDEX,
  manifestOf,
  RepositoryClient,
} from './fixtures/repository-client.ts';

const ABSENT = describeBytes(sampleBytes(3, 99));

describe('Push a manifest', () => {
  it('MP-1 gives a manifest at once from its Location, pushed by tag and by digest', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    for (const reference of ['latest', digestOf(manifest.payload)]) {
      const response = await client.put(reference, manifest);
      expect(response.status).toBe(201);
      const pulled = await fetch(response.headers.get('location') ?? '');
      expect(pulled.headers.get('content-type')).toBe(manifest.mediaType);
      expect(await bytesOf(pulled)).toEqual(Buffer.from(manifest.payload));
    }
  });

  it('MP-2 stores it byte for byte', async () => {
    await using client = await RepositoryClient.serve();
    const { payload } = await client.prepareImage();
    const document = JSON.parse(Buffer.from(payload).toString()) as object;
    const unusual = Buffer.from(`\t${JSON.stringify(document, null, 7)}\r\n \n`);
    const digest = await client.push('latest', { mediaType: IMAGE, payload: unusual });
    expect(digest).toBe(digestOf(unusual));
    expect(await bytesOf(await client.get('manifests/latest'))).toEqual(unusual);
  });

  it("MP-3 names the client's digest", async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const digest = digestOf(manifest.payload, algorithm);
      const response = await client.put(digest, manifest);
      expect(response.headers.get('docker-content-digest')).toBe(digest);
    }
  });

  it('MP-4 ignores the parameters of Content-Type', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    for (const type of [`${IMAGE}; charset=utf-8`, `${IMAGE};a=b;c="d"`, ` ${IMAGE} `]) {
      expect((await client.put('latest', manifest, { 'Content-Type': type })).status).toBe(201);
      const pulled = await client.get('manifests/latest');
      expect(pulled.headers.get('content-type')).toBe(IMAGE);
    }
  });

  it('MP-5 refuses a manifest whose mediaType is not its Content-Type', async () => {
    await using client = await RepositoryClient.serve();
    const image = await client.prepareImage();
    const index = sampleIndex([]);
    for (const [manifest, type] of [
      [image, INDEX],
      [index, IMAGE],
      [image, 'application/json'],
    ] as const) {
      const response = await client.put('latest', manifest, { 'Content-Type': type });
      expect(await errorOf(response)).toEqual({ status: 400, code: 'MANIFEST_INVALID' });
    }
    expect((await client.get('manifests/latest')).status).toBe(404);
  });

  it('MP-6 refuses a manifest that its digest does not name', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const refused = { status: 400, code: 'DIGEST_INVALID' };
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const digest = digestOf(sampleBytes(3), algorithm);
      expect(await errorOf(await client.put(digest, manifest))).toEqual(refused);
      expect((await client.get(`manifests/${digest}`)).status).toBe(404);
    }
    expect((await client.get(`manifests/${digestOf(manifest.payload)}`)).status).toBe(404);
  });

  it.each(['sha256:baddigeststring', `sha256:${'A'.repeat(64)}`, 'sha256:', 'md5:00'])(
    'MP-7 refuses the digest %s',
    async (digest) => {
      await using client = await RepositoryClient.serve();
      const response = await client.put(digest, await client.prepareImage());
      expect(await errorOf(response)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
    },
  );

  it('MP-8 takes a manifest whose subject is not there', async () => {
    await using client = await RepositoryClient.serve();
    const subject = { ...ABSENT, mediaType: IMAGE };
    const manifest = await client.prepareImage({ subject });
    expect((await client.put('latest', manifest)).status).toBe(201);
  });

  it('MP-9 names everything else that is not there', async () => {
    await using client = await RepositoryClient.serve();
    const image = sampleImage({ config: ABSENT, layers: [describeBytes(sampleBytes(4, 98))] });
    for (const [manifest, count] of [
      [image, 2],
      [sampleIndex([describeManifestBytes(image)]), 1],
    ] as const) {
      const response = await client.put('latest', manifest);
      expect(response.status).toBe(400);
      const codes = (await envelopeOf(response)).map(({ code }) => code);
      expect(codes).toEqual(Array(count).fill('MANIFEST_BLOB_UNKNOWN'));
    }
  });

  it('MP-11 takes an image without layers and an index without members', async () => {
    await using client = await RepositoryClient.serve();
    const image = await client.prepareImage({ layers: [] });
    expect((await client.put('image', image)).status).toBe(201);
    expect((await client.put('index', sampleIndex([]))).status).toBe(201);
  });

  it('MP-12 takes 4 MiB, and refuses one byte more with 413, told or counted', async () => {
    await using client = await RepositoryClient.serve();
    const { payload } = await client.prepareImage();
    const largest = Buffer.alloc(4 * 1024 * 1024, ' ');
    largest.set(payload);
    const tooLarge = Buffer.concat([largest, Buffer.from(' ')]);
    const refused = { status: 413, code: 'MANIFEST_INVALID' };
    const told = await client.put('large', { mediaType: IMAGE, payload: tooLarge });
    expect(await errorOf(told)).toEqual(refused);
    const counted = await client.send('PUT', 'manifests/large', {
      body: ReadableStream.from([tooLarge]),
      headers: { 'Content-Type': IMAGE },
      duplex: 'half',
    });
    expect(await errorOf(counted)).toEqual(refused);
    expect((await client.get('manifests/large')).status).toBe(404);
    const taken = await client.put('large', { mediaType: IMAGE, payload: largest });
    expect(taken.status).toBe(201);
  });

  const TAGS = Array.from({ length: 10 }, (_, index) => `t${index}`);

  it('MP-13 sets ten tags with one push, and refuses far too many with 414', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const digest = digestOf(manifest.payload);
    const query = (tags: readonly string[]) => tags.map((tag) => `tag=${tag}`).join('&');
    const many = Array.from({ length: 1000 }, (_, index) => `many${index}`);
    expect((await client.put(`${digest}?${query(many)}`, manifest)).status).toBe(414);
    expect((await client.put(`${digest}?${query(TAGS)}`, manifest)).status).toBe(201);
    expect(await client.tags()).toEqual(TAGS);
  });

  it('MP-14 says which tags it set', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const response = await client.put(`${digestOf(manifest.payload)}?tag=b&tag=a`, manifest);
    expect(response.headers.get('oci-tag')).toBe('b, a');
    expect((await client.put('c', manifest)).headers.get('oci-tag')).toBeNull();
  });

  it('MP-15 keeps a manifest under the sha512 digest it was pushed by', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const digest = digestOf(manifest.payload, 'sha512');
    const response = await client.put(digest, manifest);
    expect(response.headers.get('location')).toBe(client.url(`manifests/${digest}`));
    const pulled = await client.get(`manifests/${digest}`);
    expect(pulled.headers.get('docker-content-digest')).toBe(digest);
  });

  it('MP-16 names a manifest that was pushed by tag by its sha256', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    expect(await client.push('latest', manifest)).toBe(digestOf(manifest.payload));
  });

  it('MP-17 takes members and types that it does not know', async () => {
    await using client = await RepositoryClient.serve();
    const config = await client.pushBlob(sampleBytes(10));
    const blob = { mediaType: 'application/vnd.example.unknown', digest: config, size: 10 };
    const image = manifestOf(IMAGE, {
      config: { ...blob, 'org.example': 1 },
      layers: [blob],
      artifactType: 'application/vnd.example',
      'org.example': { any: ['thing'] },
    });
    expect((await client.put('image', image)).status).toBe(201);
    const index = manifestOf(INDEX, { manifests: [], 'org.example': true });
    expect((await client.put('index', index)).status).toBe(201);
  });

  it('MP-18 takes data in descriptors, and neither adds nor changes any', async () => {
    await using client = await RepositoryClient.serve();
    const content = Buffer.from('{}');
    await client.pushBlob(content);
    const plain = describeBytes(content, 'application/vnd.oci.empty.v1+json');
    const image = sampleImage({ config: { ...plain, data: 'e30=' }, layers: [plain] });
    expect((await client.put('latest', image)).status).toBe(201);
    const pulled = await client.get('manifests/latest');
    expect(await bytesOf(pulled)).toEqual(Buffer.from(image.payload));
  });

  it('MP-19 takes an index inside an index', async () => {
    await using client = await RepositoryClient.serve();
    const inner = sampleIndex([]);
    await client.push(digestOf(inner.payload), inner);
    const outer = sampleIndex([describeManifestBytes(inner)]);
    expect((await client.put('latest', outer)).status).toBe(201);
  });

  it('MP-20 goes by Content-Type when a manifest carries no mediaType', async () => {
    await using client = await RepositoryClient.serve();
    const index = manifestOf(INDEX, { manifests: [] });
    expect((await client.put('latest', index)).status).toBe(201);
    const pulled = await client.get('manifests/latest');
    expect(pulled.headers.get('content-type')).toBe(INDEX);
  });

  it('MP-21 moves a tag, and the old manifest stays by its digest', async () => {
    await using client = await RepositoryClient.serve();
    const before = await client.pushImage(['latest']);
    const after = await client.pushImage(['latest'], { seed: 7 });
    const head = await client.send('HEAD', 'manifests/latest');
    expect(head.headers.get('docker-content-digest')).toBe(after);
    expect((await client.get(`manifests/${before}`)).status).toBe(200);
    expect(await client.tags()).toEqual(['latest']);
  });
});

describe('What a manifest may contain', () => {
  it('V-16 does not look into the config', async () => {
    await using client = await RepositoryClient.serve();
    const config = Buffer.from('{"rootfs":{"type":"layers","diff_ids":["sha256:00"]}, no JSON');
    await client.pushBlob(config);
    const image = sampleImage({ config: describeBytes(config), layers: [describeBytes(config)] });
    expect((await client.put('latest', image)).status).toBe(201);
  });
});
