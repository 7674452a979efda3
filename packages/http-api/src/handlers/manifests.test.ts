import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { createMemoryRegistry, sampleBytes, sampleIndex } from '@purser/core/testing';
import { bytesOf, envelopeOf, errorOf, headersOf } from '../fixtures/answers.ts';
import { pushImage, type PushedImage } from '../fixtures/push-image.ts';
import { serve, type TestRegistry } from '../fixtures/serve.ts';

interface Pushed extends PushedImage {
  readonly server: TestRegistry;
  /** The URL of the manifest by what follows. */
  readonly at: (reference: string) => string;
}

async function servePushed(options: Parameters<typeof serve>[0] = {}): Promise<Pushed> {
  const server = await serve(options);
  const image = await pushImage(server.repository('a/b'));
  return { ...image, server, at: (reference) => `${server.url}/v2/a/b/manifests/${reference}` };
}

function put(url: string, content: Uint8Array | string, headers: Record<string, string> = {}) {
  const type = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' };
  return fetch(url, {
    method: 'PUT',
    body: Buffer.from(content),
    headers: { ...type, ...headers },
  });
}

describe('pulling a manifest', () => {
  it('gives the exact bytes by tag and by digest, with everything that names them', async () => {
    const { server, at, manifest, digest } = await servePushed();
    await using _ = server;
    for (const reference of ['latest', digest]) {
      const response = await fetch(at(reference));
      expect(response.status).toBe(200);
      expect(
        headersOf(response, 'content-type', 'content-length', 'docker-content-digest', 'etag'),
      ).toEqual({
        'content-type': manifest.mediaType,
        'content-length': String(manifest.payload.byteLength),
        'docker-content-digest': digest,
        etag: `"${digest}"`,
      });
      expect(await bytesOf(response)).toEqual(Buffer.from(manifest.payload));
    }
  });

  it('answers HEAD as GET, without the bytes', async () => {
    const { server, at, digest, manifest } = await servePushed();
    await using _ = server;
    const response = await fetch(at('latest'), { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(headersOf(response, 'content-type', 'content-length', 'docker-content-digest')).toEqual({
      'content-type': manifest.mediaType,
      'content-length': String(manifest.payload.byteLength),
      'docker-content-digest': digest,
    });
    expect(await response.text()).toBe('');
  });

  it('answers with the sha512 digest when it is asked for by it', async () => {
    const { server, at, manifest } = await servePushed();
    await using _ = server;
    const digest = digestOf(manifest.payload, 'sha512');
    const pushed = await put(at(digest), manifest.payload);
    expect(pushed.headers.get('docker-content-digest')).toBe(digest);
    expect(pushed.headers.get('location')).toBe(at(digest));
    const pulled = await fetch(at(digest));
    expect(pulled.headers.get('docker-content-digest')).toBe(digest);
    expect(await bytesOf(pulled)).toEqual(Buffer.from(manifest.payload));
  });

  it.each([
    undefined,
    '*/*',
    'application/*',
    'text/html',
    'application/json;q=0',
    ',;,',
    '\u00FF',
  ])('gives what the tag names when Accept is %j', async (accept) => {
    const { server, at } = await servePushed();
    await using _ = server;
    const headers = accept === undefined ? {} : { Accept: accept };
    expect((await fetch(at('latest'), { headers })).status).toBe(200);
  });

  it('answers 304 to who has it already, quoted or not, listed or not', async () => {
    const { server, at, digest } = await servePushed();
    await using _ = server;
    for (const names of [`"${digest}"`, digest, `"x", W/"${digest}"`, '*']) {
      for (const reference of ['latest', digest]) {
        const response = await fetch(at(reference), { headers: { 'If-None-Match': names } });
        expect(response.status).toBe(304);
        expect(response.headers.get('docker-content-digest')).toBe(digest);
        expect(response.headers.get('content-type')).toBeNull();
      }
    }
    const other = await fetch(at('latest'), { headers: { 'If-None-Match': '"sha256:other"' } });
    expect(other.status).toBe(200);
  });

  it('answers 404 rather than 304 when the manifest is not there', async () => {
    const { server, at } = await servePushed();
    await using _ = server;
    const digest = digestOf(sampleBytes(3));
    const response = await fetch(at(digest), { headers: { 'If-None-Match': digest } });
    expect(await errorOf(response)).toEqual({ status: 404, code: 'MANIFEST_UNKNOWN' });
  });

  it('answers 412 when If-Match names another', async () => {
    const { server, at, digest } = await servePushed();
    await using _ = server;
    const other = await fetch(at('latest'), { headers: { 'If-Match': '"x"' } });
    expect(await errorOf(other)).toEqual({ status: 412, code: 'UNSUPPORTED' });
    const weak = await fetch(at('latest'), { headers: { 'If-Match': `W/"${digest}"` } });
    expect(weak.status).toBe(412);
    const same = await fetch(at('latest'), { headers: { 'If-Match': `"x", "${digest}"` } });
    expect(same.status).toBe(200);
  });

  it.each([
    ['unknown-tag', 404, 'MANIFEST_UNKNOWN'],
    ['-no-tag', 404, 'MANIFEST_UNKNOWN'],
    ['x'.repeat(129), 404, 'MANIFEST_UNKNOWN'],
    [digestOf(sampleBytes(3)), 404, 'MANIFEST_UNKNOWN'],
    ['unknown:00', 404, 'MANIFEST_UNKNOWN'],
    ['sha256:00', 400, 'DIGEST_INVALID'],
    [`sha256:${'A'.repeat(64)}`, 400, 'DIGEST_INVALID'],
    ['sha256:', 400, 'DIGEST_INVALID'],
    [':', 400, 'DIGEST_INVALID'],
  ])('of %s is refused, and so is deleting it', async (reference, status, code) => {
    const { server, at } = await servePushed();
    await using _ = server;
    expect(await errorOf(await fetch(at(reference)))).toEqual({ status, code });
    expect((await fetch(at(reference), { method: 'HEAD' })).status).toBe(status);
    expect(await errorOf(await fetch(at(reference), { method: 'DELETE' }))).toEqual({
      status,
      code,
    });
  });
});

describe('pushing a manifest', () => {
  it('by tag stores and tags it, and says where it is by digest', async () => {
    const { server, at, manifest, digest } = await servePushed();
    await using _ = server;
    const response = await put(at('new'), manifest.payload);
    expect(response.status).toBe(201);
    expect(headersOf(response, 'location', 'docker-content-digest', 'content-length')).toEqual({
      location: at(digest),
      'docker-content-digest': digest,
      'content-length': '0',
    });
    expect((await fetch(at('new'))).headers.get('docker-content-digest')).toBe(digest);
  });

  it('by digest does not tag it', async () => {
    const { server, at, manifest, digest } = await servePushed();
    await using _ = server;
    expect((await put(at(digest), manifest.payload)).status).toBe(201);
    const list = await fetch(`${server.url}/v2/a/b/tags/list`);
    expect(await list.json()).toEqual({ name: 'a/b', tags: ['latest'] });
  });

  it('ignores the parameters of its type', async () => {
    const { server, at, manifest } = await servePushed();
    await using _ = server;
    const type = `${manifest.mediaType}; charset=utf-8`;
    expect((await put(at('new'), manifest.payload, { 'Content-Type': type })).status).toBe(201);
    expect((await fetch(at('new'))).headers.get('content-type')).toBe(manifest.mediaType);
  });

  it('takes it in chunks of unknown number', async () => {
    const { server, at, manifest } = await servePushed();
    await using _ = server;
    const body = ReadableStream.from([manifest.payload.slice(0, 5), manifest.payload.slice(5)]);
    const headers = { 'Content-Type': manifest.mediaType };
    const response = await fetch(at('new'), { method: 'PUT', body, headers, duplex: 'half' });
    expect(response.status).toBe(201);
  });

  it('names every blob that is missing', async () => {
    const { server, manifest } = await servePushed();
    await using _ = server;
    const response = await put(`${server.url}/v2/other/manifests/latest`, manifest.payload);
    expect(response.status).toBe(400);
    const codes = (await envelopeOf(response)).map(({ code }) => code);
    expect(codes).toEqual(['MANIFEST_BLOB_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN']);
  });

  it.each([
    ['a malformed tag', '-x', 'MANIFEST_INVALID'],
    ['a digest of other content', digestOf(sampleBytes(3)), 'DIGEST_INVALID'],
    ['a malformed digest', 'sha256:00', 'DIGEST_INVALID'],
    ['an unsupported digest', 'md5:00', 'DIGEST_INVALID'],
  ])('to %s is refused', async (_name, reference, code) => {
    const { server, at, manifest } = await servePushed();
    await using _ = server;
    expect(await errorOf(await put(at(reference), manifest.payload))).toEqual({
      status: 400,
      code,
    });
  });

  it('checks the reference before it looks at the body', async () => {
    const { server, at } = await servePushed();
    await using _ = server;
    const response = await put(at('sha256:00'), 'no json');
    expect((await envelopeOf(response))[0]?.code).toBe('DIGEST_INVALID');
  });

  it('refuses a document that is not what its type says', async () => {
    const { server, at, manifest } = await servePushed();
    await using _ = server;
    const index = sampleIndex([]).mediaType;
    const invalid = { status: 400, code: 'MANIFEST_INVALID' };
    expect(await errorOf(await put(at('x'), manifest.payload, { 'Content-Type': index }))).toEqual(
      invalid,
    );
    expect(await errorOf(await put(at('x'), ''))).toEqual(invalid);
    expect((await fetch(at('x'))).status).toBe(404);
  });

  it('takes the largest manifest, and refuses one byte more with 413', async () => {
    const { server, at, manifest } = await servePushed({ maximumManifestSize: 2000 });
    await using _ = server;
    const room = 2000 - manifest.payload.byteLength;
    const largest = Buffer.concat([manifest.payload, Buffer.alloc(room, ' ')]);
    const tooLarge = Buffer.concat([largest, Buffer.from(' ')]);
    expect((await put(at('largest'), largest)).status).toBe(201);
    expect(await errorOf(await put(at('x'), tooLarge))).toEqual({
      status: 413,
      code: 'MANIFEST_INVALID',
    });
    const headers = { 'Content-Type': manifest.mediaType };
    const body = ReadableStream.from([tooLarge]);
    const chunked = await fetch(at('x'), { method: 'PUT', body, headers, duplex: 'half' });
    expect(chunked.status).toBe(413);
    expect((await fetch(at('x'))).status).toBe(404);
  });

  it('takes 4 MiB unless told otherwise', async () => {
    const { server, at, manifest } = await servePushed();
    await using _ = server;
    const padding = Buffer.alloc(4 * 1024 * 1024 - manifest.payload.byteLength, ' ');
    expect((await put(at('x'), Buffer.concat([manifest.payload, padding]))).status).toBe(201);
  });

  it('moves a tag only under the conditions given', async () => {
    const { server, at, manifest, digest } = await servePushed();
    await using _ = server;
    const push = async (tag: string, headers: Record<string, string>) =>
      (await put(at(tag), manifest.payload, headers)).status;
    expect(await push('latest', { 'If-None-Match': '*' })).toBe(412);
    expect(await push('new', { 'If-None-Match': '*' })).toBe(201);
    expect(await push('latest', { 'If-Match': '"other"' })).toBe(412);
    expect(await push('latest', { 'If-Match': `"${digest}"` })).toBe(201);
    expect(await push('latest', { 'If-Match': '*' })).toBe(201);
    expect(await push('newer', { 'If-Match': '*' })).toBe(412);
    expect((await fetch(at('newer'))).status).toBe(404);
  });
});

describe('deleting a manifest', () => {
  it('by tag leaves the manifest', async () => {
    const { server, at, digest } = await servePushed();
    await using _ = server;
    const response = await fetch(at('latest'), { method: 'DELETE' });
    expect(response.status).toBe(202);
    expect(response.headers.get('content-length')).toBe('0');
    expect((await fetch(at('latest'))).status).toBe(404);
    expect((await fetch(at(digest))).status).toBe(200);
  });

  it('by digest takes its tags along', async () => {
    const { server, at, digest } = await servePushed();
    await using _ = server;
    expect((await fetch(at(digest), { method: 'DELETE' })).status).toBe(202);
    expect((await fetch(at(digest))).status).toBe(404);
    expect((await fetch(at('latest'))).status).toBe(404);
  });

  it('is for the registry to refuse, by tag too', async () => {
    const registry = createMemoryRegistry({ deletion: false });
    const { server, at, digest } = await servePushed({ registry });
    await using _ = server;
    for (const reference of ['latest', digest]) {
      const response = await fetch(at(reference), { method: 'DELETE' });
      expect(await errorOf(response)).toEqual({ status: 405, code: 'UNSUPPORTED' });
    }
  });
});
