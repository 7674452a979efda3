import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { digestOf, parseRepositoryName } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { scriptedAccess } from '../fixtures/scripted-access.ts';
import { DECODER } from '../fixtures/serve.ts';
import { withBlobs } from '../fixtures/with-blobs.ts';
import type { RegistryApiOptions } from '../options.ts';
import { createFetchHandler, type FetchHandler } from './create-fetch-handler.ts';

const ORIGIN = 'https://registry.example';
const NAME = parseRepositoryName('a/b');
const MEBIBYTE = 1024 * 1024;

function handlerFor(options: Partial<RegistryApiOptions> = {}): FetchHandler {
  return createFetchHandler({ registry: createMemoryRegistry(), decoder: DECODER, ...options });
}

function request(path: string, init: RequestInit = {}): Request {
  return new Request(ORIGIN + path, init);
}

/** Pushes a blob in two steps, the second of which streams it without a length. */
async function push(handler: FetchHandler, content: Uint8Array): Promise<Response> {
  const begun = await handler(request('/v2/a/b/blobs/uploads/', { method: 'POST' }));
  const location = new URL(begun.headers.get('location') ?? '');
  location.searchParams.set('digest', digestOf(content));
  const body = new Blob([Buffer.from(content)]).stream();
  return handler(new Request(location, { method: 'PUT', body, duplex: 'half' }));
}

const SIZE = 32 * MEBIBYTE;
const PIECE = 64 * 1024;

/** A handler whose one blob is produced in lent pieces, and the bytes produced so far. */
async function handlerOfLargeBlob({ failsAt = Infinity }: { readonly failsAt?: number } = {}) {
  const registry = createMemoryRegistry();
  const content = Buffer.alloc(SIZE, 'a');
  const { blobs } = registry.repository(NAME);
  await blobs.put(content);
  const lent = Buffer.alloc(PIECE, 'a');
  const produced = { bytes: 0 };
  const source = new Readable({
    highWaterMark: 0,
    read() {
      if (produced.bytes >= failsAt) this.destroy(new Error('the disk failed'));
      else this.push(produced.bytes < SIZE ? lent : null);
      produced.bytes += PIECE;
    },
  });
  const handler = handlerFor({
    registry,
    decorate: (repository) => withBlobs(repository, { open: async () => source }),
  });
  return { handler, path: `/v2/a/b/blobs/${digestOf(content)}`, produced, source };
}

describe('createFetchHandler', () => {
  it('takes a streamed blob and gives it back', async () => {
    const handler = handlerFor();
    const content = randomBytes(3 * MEBIBYTE);
    const pushed = await push(handler, content);
    expect(pushed.status).toBe(201);
    const path = `/v2/a/b/blobs/${digestOf(content)}`;
    expect(pushed.headers.get('location')).toBe(ORIGIN + path);
    const pulled = await handler(request(path));
    expect(pulled.headers.get('content-length')).toBe(String(content.byteLength));
    expect(Buffer.from(await pulled.arrayBuffer()).equals(content)).toBe(true);
  });

  it('writes locations with the scheme of the request', async () => {
    const url = 'http://registry.example:5000/v2/a/b/blobs/uploads/';
    const begun = await handlerFor()(new Request(url, { method: 'POST' }));
    expect(begun.headers.get('location')).toMatch(url);
  });

  it('answers HEAD with the length and without a body', async () => {
    const handler = handlerFor();
    const content = randomBytes(1000);
    await push(handler, content);
    const path = `/v2/a/b/blobs/${digestOf(content)}`;
    const { status, body, headers } = await handler(request(path, { method: 'HEAD' }));
    expect({ status, body, length: headers.get('content-length') }).toEqual({
      status: 200,
      body: null,
      length: '1000',
    });
  });

  it('answers 404 to a path that is not of the API', async () => {
    expect((await handlerFor()(request('/'))).status).toBe(404);
  });

  it('keeps every value of a header', async () => {
    const headers = { 'Set-Cookie': ['a=1', 'b=2'], 'X-List': ['c', 'd'] };
    const answer = await handlerFor({ headers })(request('/v2/'));
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answer.headers.get('x-list')).toBe('c, d');
  });

  it('slow readers: produces no more of a blob than a client reads and a small buffer', async () => {
    const { handler, path, produced } = await handlerOfLargeBlob();
    const { body } = await handler(request(path));
    const reader = body!.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(produced.bytes).toBeLessThan(MEBIBYTE);
    let size = PIECE;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.byteLength;
    }
    expect(size).toBe(SIZE);
  });

  it('gives chunks that stay what they are while the next are produced', async () => {
    const handler = handlerFor({
      decorate: (repository) =>
        withBlobs(repository, { open: async () => Readable.from(lentPieces()) }),
    });
    const content = Buffer.concat([Buffer.alloc(10, 'a'), Buffer.alloc(10, 'b')]);
    await push(handler, content);
    const pulled = await handler(request(`/v2/a/b/blobs/${digestOf(content)}`));
    expect(await pulled.text()).toBe(content.toString());
  });

  it('reads no more of a refused body than the API takes off a connection', async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += MEBIBYTE;
        controller.enqueue(new Uint8Array(MEBIBYTE));
      },
    });
    const pushed = { method: 'PUT', body, duplex: 'half' as const };
    const answer = await handlerFor()(request('/v2/a/b/manifests/large', pushed));
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'MANIFEST_INVALID' }] });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sent).toBeLessThan(20 * MEBIBYTE);
  });

  it('stops reading a blob when the client aborts', async () => {
    const { handler, path, source } = await handlerOfLargeBlob();
    const client = new AbortController();
    const { body } = await handler(request(path, { signal: client.signal }));
    const closed = once(source, 'close');
    client.abort();
    await closed;
    await expect(new Response(body).arrayBuffer()).rejects.toThrow('the answer broke off');
  });

  it('stops reading a blob when the client cancels the body', async () => {
    const { handler, path, source } = await handlerOfLargeBlob();
    const { body } = await handler(request(path));
    const closed = once(source, 'close');
    await body!.cancel();
    await closed;
    expect(source.readableEnded).toBe(false);
  });

  it('rejects when the client has left before there is an answer', async () => {
    const signal = AbortSignal.abort();
    await expect(handlerFor()(request('/v2/', { signal }))).rejects.toThrow('abort');
  });

  it('breaks the body off when the content fails', async () => {
    const { handler, path } = await handlerOfLargeBlob({ failsAt: 4 * MEBIBYTE });
    const answer = await handler(request(path));
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow('the answer broke off');
  });

  it('tells an access controller the address of the client', async () => {
    const access = scriptedAccess();
    await handlerFor({ access })(request('/v2/'), { client: { address: '192.0.2.7' } });
    expect(access.requests[0]).toMatchObject({ address: '192.0.2.7', host: 'registry.example' });
  });

  it('takes what a runtime passes beside the request for no address', async () => {
    const access = scriptedAccess();
    const server = { port: 5000, address: '198.51.100.1' };
    await handlerFor({ access })(request('/v2/'), server as object);
    expect(access.requests[0]?.address).toBeUndefined();
  });
});

/** The same memory, with other content each time. */
function* lentPieces(): Generator<Uint8Array> {
  const lent = Buffer.alloc(10);
  for (const letter of ['a', 'b']) yield lent.fill(letter);
}
