import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect, constants, createServer, type ClientHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseDigest, type Registry } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRequestHandler } from './create-request-handler.ts';
import { DECODER } from './fixtures/serve.ts';
import { CONTENT, DIGEST } from './fixtures/upload-requests.ts';
import { withBlobs } from './fixtures/with-blobs.ts';
import type { RegistryApiOptions } from './options.ts';
import { contentOf } from './request-body.ts';

async function serveHttp2(options: Partial<RegistryApiOptions> = {}) {
  const failures: unknown[] = [];
  const registry = options.registry ?? createMemoryRegistry();
  const handle = createRequestHandler({
    decoder: DECODER,
    onError: (error) => failures.push(error),
    ...options,
    registry,
  });
  return { ...(await listen(handle)), failures };
}

async function listen(handle: RequestListener) {
  // Made for this by the compatibility layer of Node.js; only its types are others.
  const server = createServer(handle as unknown as Parameters<typeof createServer>[1] & object);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const session = connect(`http://${authority}`).on('error', () => {});
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  return { session, authority };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends a request whole; `open` leaves that to the test. */
async function ask(session: ClientHttp2Session, request: string, body?: Uint8Array) {
  const stream = open(session, request);
  stream.end(body);
  return answerOf(stream);
}

/** @param request Method and path. */
function open(session: ClientHttp2Session, request: string) {
  const [method, path = ''] = request.split(' ');
  const type = path.includes('/manifests/') ? { 'content-type': 'x/y' } : {};
  const headers = { ':method': method, ':path': path, ...type };
  return session.request(headers, { endStream: false }).on('error', () => {});
}

async function answerOf(stream: ReturnType<typeof open>): Promise<Answer> {
  const [headers] = (await once(stream, 'response')) as [Record<string, string>];
  return { status: Number(headers[':status']), headers, body: await text(stream) };
}

const startUpload = async (session: ClientHttp2Session) =>
  URL.parse((await ask(session, 'POST /v2/a/b/blobs/uploads/')).headers['location']!)!.pathname;

describe('the API over HTTP/2', () => {
  it('is that of HTTP/1.1: a blob goes in and comes out', async () => {
    const { session, authority } = await serveHttp2();
    const location = await startUpload(session);
    expect((await ask(session, `PATCH ${location}`, CONTENT)).status).toBe(202);
    const stored = await ask(session, `PUT ${location}?digest=${DIGEST}`);
    expect(stored.status).toBe(201);
    expect(stored.headers['location']).toBe(`http://${authority}/v2/a/b/blobs/${DIGEST}`);
    const pulled = await ask(session, `GET /v2/a/b/blobs/${DIGEST}`);
    expect(pulled).toMatchObject({ status: 200, body: CONTENT.toString('utf8') });
    expect((await ask(session, `HEAD /v2/a/b/blobs/${DIGEST}`)).body).toBe('');
    expect(await ask(session, 'GET /v2/a/b/manifests/x')).toMatchObject({ status: 404 });
  });

  it('tells what asks by the host that the client asked for', async () => {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const caller = { refusalOf: async () => undefined };
    const identify = async ({ host }: { readonly host?: string | undefined }) => {
      resolve(host);
      return caller;
    };
    const { session, authority } = await serveHttp2({ access: { identify } });
    await ask(session, 'GET /v2/');
    expect(await promise).toBe(authority);
  });

  it('takes no body for whole whose stream was reset', async () => {
    const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    const { session } = await listen((request, response) => {
      response.once('close', leave);
      const read = async () => {
        for await (const chunk of contentOf(request)) {
          begin();
          await left;
          expect(chunk.byteLength).toBeGreaterThan(0);
        }
      };
      read().then(resolve, resolve);
    });
    const stream = open(session, 'PUT /');
    stream.write('{"schemaVersion":2}');
    await begun;
    stream.close(8);
    expect(await outcome).toMatchObject({ code: 'ECONNRESET' });
  });

  it('stops reading content when its client has left', async () => {
    const content = new Readable({ read: () => void content.push(Buffer.alloc(65_536)) });
    const registry = createMemoryRegistry();
    const served: Registry = {
      ...registry,
      repository: (name) =>
        withBlobs(registry.repository(name), {
          stat: async (digest) => ({ digest, size: 1e12, mediaType: 'x/y' }),
          open: async () => content,
        }),
    };
    const { session, failures } = await serveHttp2({ registry: served });
    const stream = open(session, `GET /v2/a/b/blobs/${parseDigest(DIGEST)}`);
    stream.end();
    await once(stream, 'data');
    stream.close(8);
    if (!content.closed) await once(content, 'close');
    expect(failures).toEqual([]);
    expect((await ask(session, 'GET /v2/')).status).toBe(200);
  });

  it('ends content that breaks off with an error', async () => {
    const failing = async function* () {
      yield Buffer.alloc(10);
      throw new Error('disk');
    };
    const { session, failures } = await serveHttp2({
      decorate: (repository) =>
        withBlobs(repository, {
          stat: async () => ({ mediaType: 'x/y', digest: DIGEST, size: 1000 }),
          open: async () => Readable.from(failing()),
        }),
    });
    const stream = open(session, `GET /v2/a/b/blobs/${DIGEST}`);
    stream.end();
    stream.resume();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(failures).toMatchObject([{ message: 'disk' }]);
  });

  it('answers a body that nobody reads, ends its stream alone, and goes on', async () => {
    const { session } = await serveHttp2();
    const stream = open(session, 'PUT /v2/a/b/manifests/latest');
    const answer = answerOf(stream);
    let sent = 0;
    while (!stream.closed && sent < 50) {
      await new Promise((resolve) => stream.write(Buffer.alloc(1024 * 1024), resolve));
      sent++;
    }
    expect((await answer).status).toBe(413);
    expect(sent).toBeLessThan(50);
    expect((await ask(session, 'GET /v2/')).status).toBe(200);
  });
});
