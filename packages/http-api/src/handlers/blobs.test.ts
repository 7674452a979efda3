import { describe, expect, it } from 'vitest';
import { digestOf, type BlobStore } from '@purser/core';
import { createMemoryRegistry, sampleBytes } from '@purser/core/testing';
import { bytesOf, errorOf, headersOf } from '../fixtures/answers.ts';
import { serve, type TestRegistry } from '../fixtures/serve.ts';
import { withBlobs } from '../fixtures/with-blobs.ts';

const CONTENT = Buffer.from(sampleBytes(2048));
const DIGEST = digestOf(CONTENT);
const ABSENT = digestOf(sampleBytes(3));

interface Served {
  readonly server: TestRegistry;
  readonly at: (digest: string) => string;
  readonly url: string;
}

async function serveBlob(
  replaced: Partial<BlobStore> = {},
  options: Parameters<typeof serve>[0] = {},
): Promise<Served> {
  const decorate = replaced && {
    decorate: (repository: Parameters<typeof withBlobs>[0]) => withBlobs(repository, replaced),
  };
  const server = await serve({ ...decorate, ...options });
  await server.repository('a/b').blobs.put(CONTENT);
  const at = (digest: string) => `${server.url}/v2/a/b/blobs/${digest}`;
  return { server, at, url: at(DIGEST) };
}

const DESCRIPTION = {
  'accept-ranges': 'bytes',
  'cache-control': 'max-age=31536000',
  'content-type': 'application/octet-stream',
  'docker-content-digest': DIGEST,
  etag: `"${DIGEST}"`,
};

describe('pulling a blob', () => {
  it('gives its bytes and what there is to say of them', async () => {
    const { server, url } = await serveBlob();
    await using _ = server;
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(headersOf(response, ...Object.keys(DESCRIPTION))).toEqual(DESCRIPTION);
    expect(response.headers.get('content-length')).toBe('2048');
    expect(await bytesOf(response)).toEqual(CONTENT);
  });

  it('answers HEAD alike without opening it, and knows no ranges there', async () => {
    const { server, url } = await serveBlob({
      open: () => Promise.reject(new Error('opened')),
    });
    await using _ = server;
    const response = await fetch(url, { method: 'HEAD', headers: { Range: 'bytes=0-1' } });
    expect(response.status).toBe(200);
    expect(headersOf(response, ...Object.keys(DESCRIPTION))).toEqual(DESCRIPTION);
    expect(response.headers.get('content-length')).toBe('2048');
  });

  it('answers with the digest that was asked for', async () => {
    const { server, at } = await serveBlob();
    await using _ = server;
    const digest = digestOf(CONTENT, 'sha512');
    const upload = `${server.url}/v2/a/b/blobs/uploads/?digest=${digest}`;
    const pushed = await fetch(upload, { method: 'POST', body: CONTENT });
    expect(pushed.status).toBe(201);
    expect(headersOf(await fetch(at(digest)), 'docker-content-digest', 'etag')).toEqual({
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    });
  });

  it('gives an empty one, whatever range is asked for', async () => {
    const { server, at } = await serveBlob();
    await using _ = server;
    const { digest } = await server.repository('a/b').blobs.put(new Uint8Array());
    for (const headers of [{}, { Range: 'bytes=0-' }, { Range: 'bytes=-5' }]) {
      const response = await fetch(at(digest), { headers });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-length')).toBe('0');
    }
  });

  it.each([
    [ABSENT, 404, 'BLOB_UNKNOWN'],
    ['md5:00', 404, 'BLOB_UNKNOWN'],
    ['sha256:00', 400, 'DIGEST_INVALID'],
    [`sha256:${'A'.repeat(64)}`, 400, 'DIGEST_INVALID'],
    ['latest', 400, 'DIGEST_INVALID'],
  ])('of %s is refused, and so is deleting it', async (digest, status, code) => {
    const { server, at } = await serveBlob();
    await using _ = server;
    expect(await errorOf(await fetch(at(digest)))).toEqual({ status, code });
    expect((await fetch(at(digest), { method: 'HEAD' })).status).toBe(status);
    expect(await errorOf(await fetch(at(digest), { method: 'DELETE' }))).toEqual({ status, code });
  });

  it('of another repository is refused', async () => {
    const { server } = await serveBlob();
    await using _ = server;
    const response = await fetch(`${server.url}/v2/a/c/blobs/${DIGEST}`);
    expect(await errorOf(response)).toEqual({ status: 404, code: 'BLOB_UNKNOWN' });
  });
});

describe('a range of a blob', () => {
  it.each([
    ['bytes=500-1499', 500, 1499],
    ['bytes=500-', 500, 2047],
    ['bytes=-500', 1548, 2047],
    ['bytes=-5000', 0, 2047],
    ['bytes=2000-5000', 2000, 2047],
    ['bytes=0-0', 0, 0],
    ['bytes=2047-2047', 2047, 2047],
    ['bytes= 5-6 ', 5, 6],
    [`bytes=1-${'9'.repeat(400)}`, 1, 2047],
  ])('%s is given as such', async (range, start, end) => {
    const { server, url } = await serveBlob();
    await using _ = server;
    const response = await fetch(url, { headers: { Range: range } });
    expect(response.status).toBe(206);
    expect(headersOf(response, 'content-range', 'content-length', 'etag')).toEqual({
      'content-range': `bytes ${start}-${end}/2048`,
      'content-length': String(end - start + 1),
      etag: `"${DIGEST}"`,
    });
    expect(await bytesOf(response)).toEqual(CONTENT.subarray(start, end + 1));
  });

  it.each(['bytes=500-0', 'bytes=2048-', 'bytes=5000-10000', 'bytes=-0', 'bytes=-', 'bytes=x-1'])(
    '%s cannot be given: 416 with the size',
    async (range) => {
      const { server, url } = await serveBlob();
      await using _ = server;
      const response = await fetch(url, { headers: { Range: range } });
      expect(headersOf(response, 'content-range', 'etag', 'cache-control')).toEqual({
        'content-range': 'bytes */2048',
        etag: null,
        'cache-control': null,
      });
      expect(await errorOf(response)).toEqual({ status: 416, code: 'UNSUPPORTED' });
    },
  );

  it.each([`bytes=${'0-1,'.repeat(1024)}2-3`, 'items=0-1', 'Bytes=0-1', 'bytes 0-1', 'x'])(
    'ignores %.30s and gives the whole blob',
    async (range) => {
      const { server, url } = await serveBlob();
      await using _ = server;
      const response = await fetch(url, { headers: { Range: range } });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-length')).toBe('2048');
      expect(response.headers.get('content-range')).toBeNull();
    },
  );

  it('is given only if If-Range names this content', async () => {
    const { server, url } = await serveBlob();
    await using _ = server;
    const ask = async (condition: string) =>
      (await fetch(url, { headers: { Range: 'bytes=0-1', 'If-Range': condition } })).status;
    expect(await ask(`"${DIGEST}"`)).toBe(206);
    expect(await ask(`W/"${DIGEST}"`)).toBe(200);
    expect(await ask('"other"')).toBe(200);
    expect(await ask('Wed, 21 Oct 2015 07:28:00 GMT')).toBe(200);
  });
});

describe('conditions on a blob', () => {
  it('are met by its digest', async () => {
    const { server, url } = await serveBlob();
    await using _ = server;
    const response = await fetch(url, { headers: { 'If-None-Match': `"x", "${DIGEST}"` } });
    expect(response.status).toBe(304);
    expect(headersOf(response, 'etag', 'docker-content-digest', 'cache-control')).toEqual({
      etag: `"${DIGEST}"`,
      'docker-content-digest': DIGEST,
      'cache-control': 'max-age=31536000',
    });
    const changed = await fetch(url, { headers: { 'If-Match': '"x"' } });
    expect(await errorOf(changed)).toEqual({ status: 412, code: 'UNSUPPORTED' });
  });

  it('come before ranges, and after knowing whether it is there', async () => {
    const { server, at, url } = await serveBlob();
    await using _ = server;
    const headers = { 'If-None-Match': '*', Range: 'bytes=9999-' };
    expect((await fetch(url, { headers })).status).toBe(304);
    expect((await fetch(at(ABSENT), { headers })).status).toBe(404);
  });
});

describe('a blob that lies elsewhere', () => {
  const located = 'https://bucket.example/blob?signature=a%2Fb&x=1';

  it('is where the client is sent to, for GET and HEAD', async () => {
    const methods: string[] = [];
    const { server, url } = await serveBlob({
      locate: async (_digest, { method }) => {
        methods.push(method);
        return new URL(located);
      },
    });
    await using _ = server;
    for (const method of ['GET', 'HEAD']) {
      const response = await fetch(url, { method, redirect: 'manual' });
      expect(response.status).toBe(307);
      expect(headersOf(response, 'location', 'docker-content-digest')).toEqual({
        location: located,
        'docker-content-digest': DIGEST,
      });
      expect(await response.text()).toBe('');
    }
    expect(methods).toEqual(['GET', 'HEAD']);
  });

  it('is given all the same when redirects are off', async () => {
    const { server, url } = await serveBlob(
      { locate: async () => new URL(located) },
      { redirect: false },
    );
    await using _ = server;
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(200);
  });
});

describe('deleting a blob', () => {
  it('takes it out of this repository', async () => {
    const { server, url } = await serveBlob();
    await using _ = server;
    const response = await fetch(url, { method: 'DELETE' });
    expect(response.status).toBe(202);
    expect(response.headers.get('content-length')).toBe('0');
    expect((await fetch(url)).status).toBe(404);
  });

  it('is for the registry to refuse', async () => {
    const { server, url } = await serveBlob(
      {},
      { registry: createMemoryRegistry({ deletion: false }) },
    );
    await using _ = server;
    const response = await fetch(url, { method: 'DELETE' });
    expect(await errorOf(response)).toEqual({ status: 405, code: 'UNSUPPORTED' });
    expect((await fetch(url)).status).toBe(200);
  });
});
