import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { bytesOf, errorOf, headersOf } from '../fixtures/answers.ts';
import { serve, type TestRegistry } from '../fixtures/serve.ts';
import {
  CONTENT,
  DIGEST,
  finish,
  patch,
  rangeOf,
  startUpload,
} from '../fixtures/upload-requests.ts';
import { withBlobs } from '../fixtures/with-blobs.ts';

const UUID = /^[0-9a-f-]{36}$/;

/** The content of the blob, as it is pulled. */
async function pulled({ url }: TestRegistry, digest = DIGEST): Promise<Buffer> {
  return bytesOf(await fetch(`${url}/v2/a/b/blobs/${digest}`));
}

describe('starting an upload', () => {
  it('says where it goes on, with and without the last slash', async () => {
    await using server = await serve();
    for (const path of ['/v2/a/b/blobs/uploads/', '/v2/a/b/blobs/uploads']) {
      const response = await fetch(server.url + path, { method: 'POST', redirect: 'error' });
      expect(response.status).toBe(202);
      const id = response.headers.get('docker-upload-uuid') ?? '';
      expect(id).toMatch(UUID);
      expect(headersOf(response, 'location', 'range', 'content-length')).toEqual({
        location: `${server.url}/v2/a/b/blobs/uploads/${id}`,
        range: '0-0',
        'content-length': '0',
      });
    }
  });

  it('says so by a path when relative URLs are wanted', async () => {
    await using server = await serve({ relativeUrls: true, prefix: '/p' });
    const location = await startUpload({ ...server, url: `${server.url}/p` });
    expect(location).toMatch(/^\/p\/v2\/a\/b\/blobs\/uploads\/[0-9a-f-]{36}$/);
  });

  it('takes the announcement of another algorithm, and refuses one it does not know', async () => {
    await using server = await serve();
    const announce = (algorithm: string) =>
      fetch(`${server.url}/v2/a/b/blobs/uploads/?digest-algorithm=${algorithm}`, {
        method: 'POST',
      });
    const location = (await announce('sha512')).headers.get('location') ?? '';
    const digest = digestOf(CONTENT, 'sha512');
    expect((await finish(location, { content: CONTENT, digest })).status).toBe(201);
    for (const algorithm of ['md5', '', '__proto__']) {
      expect(await errorOf(await announce(algorithm))).toEqual({
        status: 400,
        code: 'DIGEST_INVALID',
      });
    }
  });

  it.each(['DELETE', 'GET', 'PATCH', 'PUT'])(
    'has no session for %s without an id',
    async (method) => {
      await using server = await serve();
      const response = await fetch(`${server.url}/v2/a/b/blobs/uploads/`, { method });
      expect(await errorOf(response)).toEqual({ status: 404, code: 'BLOB_UPLOAD_UNKNOWN' });
    },
  );
});

describe('a blob in a single request', () => {
  it('is stored by POST with a digest', async () => {
    await using server = await serve();
    const url = `${server.url}/v2/a/b/blobs/uploads/?digest=${DIGEST}`;
    const response = await fetch(url, { method: 'POST', body: CONTENT });
    expect(response.status).toBe(201);
    expect(headersOf(response, 'location', 'docker-content-digest', 'content-length')).toEqual({
      location: `${server.url}/v2/a/b/blobs/${DIGEST}`,
      'docker-content-digest': DIGEST,
      'content-length': '0',
    });
    expect(await pulled(server)).toEqual(CONTENT);
  });

  it.each([
    ['another', digestOf(sampleBytes(3))],
    ['a malformed', 'sha256:00'],
    ['an unsupported', 'md5:00'],
    ['an empty', ''],
  ])('is refused under %s digest, and no session stays', async (_name, digest) => {
    let sessions = 0;
    await using server = await serve({
      decorate: (repository) =>
        withBlobs(repository, {
          async create() {
            const writer = await repository.blobs.create();
            sessions++;
            const ends = ['cancel', 'commit'] as const;
            return new Proxy(writer, {
              get(target, property) {
                if (ends.some((end) => end === property)) sessions--;
                const value: unknown = Reflect.get(target, property);
                return typeof value === 'function' ? value.bind(target) : value;
              },
            });
          },
        }),
    });
    const url = `${server.url}/v2/a/b/blobs/uploads/?digest=${digest}`;
    const response = await fetch(url, { method: 'POST', body: CONTENT });
    expect(await errorOf(response)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
    expect(sessions).toBe(0);
  });
});

describe('a blob in a session', () => {
  it('is stored by one PUT', async () => {
    await using server = await serve();
    const response = await finish(await startUpload(server), { content: CONTENT });
    expect(response.status).toBe(201);
    expect(headersOf(response, 'location', 'docker-content-digest', 'range')).toEqual({
      location: `${server.url}/v2/a/b/blobs/${DIGEST}`,
      'docker-content-digest': DIGEST,
      range: null,
    });
    expect(await pulled(server)).toEqual(CONTENT);
  });

  it('is stored under the digest of any supported algorithm', async () => {
    await using server = await serve();
    const digest = digestOf(CONTENT, 'sha512');
    const response = await finish(await startUpload(server), { content: CONTENT, digest });
    expect(response.headers.get('docker-content-digest')).toBe(digest);
    expect(await pulled(server, digest)).toEqual(CONTENT);
  });

  it('may be empty', async () => {
    await using server = await serve();
    const digest = digestOf(new Uint8Array());
    expect((await finish(await startUpload(server), { digest })).status).toBe(201);
  });

  it('is stored in chunks, of which each answer tells how far they reach', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    const first = await patch(location, CONTENT.subarray(0, 400), '0-399');
    expect(first.status).toBe(202);
    expect(headersOf(first, 'location', 'range', 'content-length')).toEqual({
      location,
      range: '0-399',
      'content-length': '0',
    });
    expect(first.headers.get('docker-upload-uuid')).toMatch(UUID);
    const second = await patch(location, CONTENT.subarray(400, 700), '400-699');
    expect(second.headers.get('range')).toBe('0-699');
    expect(await rangeOf(`${location}?digest=stray`)).toBe('0-699');
    const last = await finish(location, { content: CONTENT.subarray(700), range: '700-999' });
    expect(last.status).toBe(201);
    expect(await pulled(server)).toEqual(CONTENT);
  });

  it('is stored from streams without ranges or lengths, whatever their type', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    for (const part of [CONTENT.subarray(0, 600), CONTENT.subarray(600)]) {
      const response = await fetch(location, {
        method: 'PATCH',
        body: ReadableStream.from([part.subarray(0, 1), part.subarray(1)]),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        duplex: 'half',
      });
      expect(response.status).toBe(202);
    }
    expect((await finish(location)).status).toBe(201);
    expect(await pulled(server)).toEqual(CONTENT);
  });

  it('tells 0-0 as long as nothing has come, to GET and HEAD', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    expect(await rangeOf(location)).toBe('0-0');
    const head = await fetch(location, { method: 'HEAD' });
    expect(head.status).toBe(204);
    expect(head.headers.get('range')).toBe('0-0');
  });

  it('answers about itself while content is coming in', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const patched = fetch(location, { method: 'PATCH', body: readable, duplex: 'half' });
    await writer.write(CONTENT.subarray(0, 500));
    await expect.poll(() => rangeOf(location)).toBe('0-499');
    await writer.close();
    expect((await patched).headers.get('range')).toBe('0-499');
  });
});

describe('finishing an upload', () => {
  it.each(['', 'sha256:00', 'md5:00', 'x'])(
    'with the digest %j is refused, and the session lives on',
    async (digest) => {
      await using server = await serve();
      const location = await startUpload(server);
      await patch(location, CONTENT.subarray(0, 500));
      const refused = await finish(location, { digest, content: CONTENT.subarray(500) });
      expect(await errorOf(refused)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
      expect(await rangeOf(location)).toBe('0-499');
      expect((await finish(location, { content: CONTENT.subarray(500) })).status).toBe(201);
    },
  );

  it('with the digest of other content is refused, and the session is over', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    const digest = digestOf(sampleBytes(3));
    const refused = await finish(location, { digest, content: CONTENT });
    expect(await errorOf(refused)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
    expect((await fetch(location)).status).toBe(404);
    expect((await fetch(`${server.url}/v2/a/b/blobs/${digest}`)).status).toBe(404);
  });

  it('takes the digest from the query alone, and the first of several', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    const form = await fetch(location, {
      method: 'PUT',
      body: new URLSearchParams({ digest: DIGEST }),
    });
    expect(await errorOf(form)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
    const url = `${location}?_state=x&digest=${DIGEST}&digest=sha256:00`;
    expect((await fetch(url, { method: 'PUT', body: CONTENT })).status).toBe(201);
  });
});

describe('a session that is not there', () => {
  /** What each method answers. */
  async function answersOf(location: string) {
    const answers = [
      await fetch(location),
      await patch(location, CONTENT),
      await finish(location, { content: CONTENT }),
      await fetch(location, { method: 'DELETE' }),
    ];
    return Promise.all(answers.map(errorOf));
  }

  const UNKNOWN = Array(4).fill({ status: 404, code: 'BLOB_UPLOAD_UNKNOWN' });

  it('because it never began', async () => {
    await using server = await serve();
    const uploads = `${server.url}/v2/a/b/blobs/uploads`;
    for (const id of [randomUUID(), 'x', randomUUID().toUpperCase(), '%00', 'x'.repeat(1000)]) {
      expect(await answersOf(`${uploads}/${id}`)).toEqual(UNKNOWN);
    }
  });

  it('because it was cancelled', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    await patch(location, CONTENT);
    const cancelled = await fetch(location, { method: 'DELETE' });
    expect(cancelled.status).toBe(204);
    expect(cancelled.headers.get('docker-upload-uuid')).toMatch(UUID);
    expect(await answersOf(location)).toEqual(UNKNOWN);
  });

  it('because it is finished', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    await finish(location, { content: CONTENT });
    expect(await answersOf(location)).toEqual(UNKNOWN);
  });

  it('because it belongs to another repository', async () => {
    await using server = await serve();
    const location = await startUpload(server);
    expect(await answersOf(location.replace('/a/b/', '/a/c/'))).toEqual(UNKNOWN);
    expect(await rangeOf(location)).toBe('0-0');
  });
});
