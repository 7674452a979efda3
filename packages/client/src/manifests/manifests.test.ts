import { digestOf, parseTag, type Digest } from '@purser/core';
import { describeBytes, sampleImage } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { ScriptedRegistry, type Script } from '../fixtures/scripted-registry.ts';

const manifest = sampleImage({ config: describeBytes(Buffer.from('{}')), layers: [] });
const digest = digestOf(manifest.payload);
const latest = parseTag('latest');
const other = digestOf(Buffer.from('other'));

const giving =
  (headers: Record<string, string> = {}, body: Uint8Array | string = manifest.payload): Script =>
  ({ answer }) =>
    answer(200, { 'content-type': manifest.mediaType, ...headers }, body);

describe('a manifest of a tag', () => {
  it('comes in one request, with the digest that the registry says', async () => {
    const sha512 = digestOf(manifest.payload, 'sha512');
    await using registry = await ScriptedRegistry.listen(
      giving({ 'docker-content-digest': sha512 }),
    );
    const found = await registry.repository().manifests.getByTag(latest);
    expect(found?.digest).toBe(sha512);
    expect(Buffer.from(found!.manifest.payload)).toEqual(Buffer.from(manifest.payload));
    expect(registry.asked).toEqual(['GET /v2/library/app/manifests/latest']);
  });

  it('has its sha256 when the registry says nothing', async () => {
    await using registry = await ScriptedRegistry.listen(giving());
    expect((await registry.repository().manifests.getByTag(latest))?.digest).toBe(digest);
  });

  it('is asked for by the media types that are wanted', async () => {
    await using registry = await ScriptedRegistry.listen(giving());
    const { manifests } = registry.repository();
    await manifests.getByTag(latest, { mediaTypes: ['application/vnd.b', 'application/vnd.a'] });
    await manifests.getByTag(latest);
    expect(registry.received.map(({ headers }) => headers.accept)).toEqual([
      'application/vnd.b, application/vnd.a',
      'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json',
    ]);
  });

  it.each([
    ['says 304', 304, {}],
    ['only tells the digest', 200, { 'docker-content-digest': digest }],
  ])(
    'is not fetched while it is what is known, when the registry %s',
    async (_, status, headers) => {
      await using registry = await ScriptedRegistry.listen(({ answer }) => answer(status, headers));
      const { manifests } = registry.repository();
      expect(await manifests.getByTag(latest, { ifNoneMatch: digest })).toBeUndefined();
      expect(registry.asked).toEqual(['HEAD /v2/library/app/manifests/latest']);
      expect(registry.received[0]?.headers['if-none-match']).toBe(`"${digest}"`);
    },
  );

  it('is fetched when the tag was moved, or the registry does not tell', async () => {
    for (const headers of [{ 'docker-content-digest': digest }, {}]) {
      await using registry = await ScriptedRegistry.listen(giving(headers));
      const found = await registry.repository().manifests.getByTag(latest, { ifNoneMatch: other });
      expect(found?.digest).toBe(digest);
      expect(registry.asked.map((each) => each.split(' ')[0])).toEqual(['HEAD', 'GET']);
    }
  });

  it('is fetched, and is nothing new, when the registry knows no HEAD', async () => {
    await using registry = await ScriptedRegistry.listen((exchange) =>
      exchange.method === 'HEAD' ? exchange.answer(405) : giving()(exchange),
    );
    const { manifests } = registry.repository();
    expect(await manifests.getByTag(latest, { ifNoneMatch: digest })).toBeUndefined();
  });

  it('is unknown when there is no such tag', async () => {
    await using registry = await ScriptedRegistry.listen(({ answer }) => answer(404));
    const { manifests, tags } = registry.repository();
    expect(await failureOf(manifests.getByTag(latest))).toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    expect(await failureOf(manifests.getByTag(latest, { ifNoneMatch: digest }))).toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    });
    expect(await tags.get(latest)).toBeUndefined();
  });
});

describe('a hostile manifest', () => {
  it('is refused when the digest does not name it', async () => {
    await using registry = await ScriptedRegistry.listen(giving());
    expect(await failureOf(registry.repository().manifests.get(other))).toMatchObject({
      code: 'DIGEST_INVALID',
    });
  });

  it('is refused when the registry says that it is another', async () => {
    await using registry = await ScriptedRegistry.listen(
      giving({ 'docker-content-digest': other }),
    );
    const { manifests } = registry.repository();
    expect(await failureOf(manifests.get(digest))).toMatchObject({ code: 'DIGEST_INVALID' });
    expect(await failureOf(manifests.getByTag(latest))).toMatchObject({ code: 'DIGEST_INVALID' });
    expect(await failureOf(manifests.exists(digest))).toMatchObject({ code: 'DIGEST_INVALID' });
  });

  it.each([
    ['no digest at all', { 'docker-content-digest': 'latest' }, manifest.payload],
    [
      'another type',
      { 'content-type': 'application/vnd.oci.image.index.v1+json' },
      manifest.payload,
    ],
    ['a type that nobody knows', { 'content-type': 'application/vnd.x' }, manifest.payload],
    ['no JSON', {}, '{"schemaVersion": 2, '],
    ['a page for people', { 'content-type': 'text/html' }, '<html>'],
    ['no object', {}, '[]'],
    ['a member twice', {}, '{"schemaVersion":2,"schemaVersion":2}'],
  ])('is refused when it has %s', async (_, headers, body) => {
    await using registry = await ScriptedRegistry.listen(giving(headers, body));
    expect(await failureOf(registry.repository().manifests.getByTag(latest))).toMatchObject({
      code: 'RESPONSE_INVALID',
    });
  });

  it('is refused when it is longer than the limit, however long it is', async () => {
    let isOpen = true;
    await using registry = await ScriptedRegistry.listen(async ({ response }) => {
      response.on('close', () => (isOpen = false));
      response.writeHead(200, { 'content-type': manifest.mediaType });
      while (isOpen) {
        response.write(Buffer.alloc(64 * 1024, ' '));
        await new Promise(setImmediate);
      }
    });
    const { manifests } = registry.repository({ maximumManifestSize: 1024 * 1024 });
    expect(await failureOf(manifests.get(digest))).toMatchObject({ code: 'RESPONSE_INVALID' });
    await expect.poll(() => isOpen).toBe(false);
  });

  it.each([
    ['a descriptor without size', (text: string) => text.replace(/,"size":\d+/, '')],
    ['bytes that are not UTF-8', (text: string) => text.replace('{', '{"x":"\u00ff",')],
    ['a member twice', (text: string) => text.replace('{', '{"schemaVersion":1,')],
  ])('is given byte for byte when another registry took it: %s', async (_, change) => {
    const body = Buffer.from(change(Buffer.from(manifest.payload).toString()), 'latin1');
    expect(body.equals(manifest.payload)).toBe(false);
    await using registry = await ScriptedRegistry.listen(giving({}, body));
    const { manifests } = registry.repository();
    expect(Buffer.from((await manifests.get(digestOf(body))).payload)).toEqual(body);
    expect((await manifests.getByTag(latest))?.digest).toBe(digestOf(body));
  });

  it('is read by its own words where the registry does not know what it is', async () => {
    for (const contentType of ['application/json', 'application/octet-stream']) {
      await using registry = await ScriptedRegistry.listen(giving({ 'content-type': contentType }));
      const { mediaType } = await registry.repository().manifests.get(digest);
      expect(mediaType).toBe(manifest.mediaType);
    }
  });
});

describe('a push of a manifest', () => {
  const taking = (headers: (path: string) => Record<string, string | string[]>): Script => {
    return async ({ path, read, response }) => {
      await read();
      response.writeHead(201, headers(path)).end();
    };
  };

  it('sets one tag in the only request', async () => {
    await using registry = await ScriptedRegistry.listen(taking(() => ({})));
    expect(await registry.repository().manifests.put(manifest, { tags: [latest] })).toBe(digest);
    expect(registry.asked).toEqual(['PUT /v2/library/app/manifests/latest']);
    expect(registry.received[0]?.body.equals(manifest.payload)).toBe(true);
    expect(registry.received[0]?.headers['content-type']).toBe(manifest.mediaType);
  });

  it('sets many tags at once, and by themselves those that the registry left out', async () => {
    await using registry = await ScriptedRegistry.listen(
      taking((path) => (path.includes('?') ? { 'oci-tag': ['1.0', '1, latest'] } : {})),
    );
    const tags = ['1', '1.0', '1.0.1', 'latest'].map(parseTag);
    await registry.repository().manifests.put(manifest, { tags });
    expect(registry.asked).toEqual([
      `PUT /v2/library/app/manifests/${digest}?tag=1&tag=1.0&tag=1.0.1&tag=latest`,
      'PUT /v2/library/app/manifests/1.0.1',
    ]);
  });

  it('does not let a tag name another digest than was asked for', async () => {
    await using registry = await ScriptedRegistry.listen(taking(() => ({})));
    const sha512 = digestOf(manifest.payload, 'sha512');
    const options = { digest: sha512, tags: [latest] };
    expect(await failureOf(registry.repository().manifests.put(manifest, options))).toMatchObject({
      code: 'UNSUPPORTED',
    });
    expect(registry.asked).toEqual([`PUT /v2/library/app/manifests/${sha512}?tag=latest`]);
  });

  it('does not believe a registry that says it stored another', async () => {
    await using registry = await ScriptedRegistry.listen(
      taking(() => ({ 'docker-content-digest': other })),
    );
    expect(await failureOf(registry.repository().manifests.put(manifest))).toMatchObject({
      code: 'DIGEST_INVALID',
    });
  });

  it('names each blob that is missing', async () => {
    const missing = (digests: readonly Digest[]) => ({
      errors: digests.map((each) => ({ code: 'MANIFEST_BLOB_UNKNOWN', detail: { digest: each } })),
    });
    await using registry = await ScriptedRegistry.listen(async ({ read, answer }) => {
      await read();
      answer(400, { 'content-type': 'application/json' }, JSON.stringify(missing([digest, other])));
    });
    const put = registry.repository().manifests.put(manifest);
    const error = await failureOf(put);
    expect(error).toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
      detail: { digest },
      related: [{ detail: { digest: other } }],
    });
  });
});

it('deletes no tag at a registry that deletes by digest alone', async () => {
  await using registry = await ScriptedRegistry.listen(({ answer }) => answer(400));
  expect(await failureOf(registry.repository().tags.untag(latest))).toMatchObject({
    code: 'UNSUPPORTED',
  });
});

it('tells a mirror what it is a mirror of, when it reads', async () => {
  await using registry = await ScriptedRegistry.listen(giving());
  await registry.repository({ namespace: 'docker.io' }).manifests.getByTag(latest);
  expect(registry.asked).toEqual(['GET /v2/library/app/manifests/latest?ns=docker.io']);
});
