import { once } from 'node:events';
import { constants, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { DEFAULT_MAXIMUM_MANIFEST_SIZE, parseRepositoryName } from '@purser/core';
import {
  CertificateAuthority,
  needPrograms,
  type CertificateFiles,
} from '@purser/external-programs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ConfigInput } from '../../../config/schema.ts';
import { HELD, HeldAccess } from '../../../fixtures/held-access.ts';
import { answerOf, Http2Client } from '../../../fixtures/http2-client.ts';
import { createTemporaryDirectory } from '../../../fixtures/temporary-directory.ts';
import { startRegistry, type StartRegistryOptions } from '../../../start-registry.ts';

type LimitsInput = NonNullable<NonNullable<ConfigInput['http']>['limits']>;

const { isUnmet } = needPrograms('openssl');
let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let certificate: CertificateFiles;

beforeAll(async () => {
  if (isUnmet) return;
  directory = await createTemporaryDirectory();
  const authority = await CertificateAuthority.create(directory.path);
  certificate = await authority.issue({ name: 'server', usage: 'serverAuth' });
});
afterAll(() => directory?.[Symbol.asyncDispose]());

const inClear = (limits: LimitsInput, more: StartRegistryOptions = {}) =>
  startRegistry({ ...more, http: { h2c: { enabled: true }, limits } });
const overTls = (limits: LimitsInput, more: StartRegistryOptions = {}) =>
  startRegistry({ ...more, http: { tls: certificate, limits } });

const TRANSPORTS: readonly (readonly [string, typeof inClear])[] = [
  ['in clear', inClear],
  ...(isUnmet ? [] : [['over TLS', overTls] as const]),
];

/** A client of HTTP/2 that takes no byte of any answer. */
const openStuck = (url: string) => Http2Client.open(url, { settings: { initialWindowSize: 0 } });

/** Asks so often, and waits until the server has answered each, or has reset it. */
async function askInVain(client: Http2Client, path: string, count: number) {
  const streams = Array.from({ length: count }, () => client.begin('GET', path).pause());
  await Promise.all(streams.map((stream) => once(stream, 'response').catch(() => {})));
  return streams;
}

async function beginUpload(client: Http2Client, user?: OutgoingHttpHeaders): Promise<string> {
  const { headers } = await client.ask('POST', '/v2/a/blobs/uploads/', user);
  return new URL(headers.location!).pathname;
}

const MEBIBYTE = 1024 * 1024;
const MISSING = `/v2/a/blobs/sha256:${'0'.repeat(64)}`;

describe.each(TRANSPORTS)('places held by slow clients of HTTP/2 %s', (_name, start) => {
  it('are none while answers wait to be taken', async () => {
    await using registry = await start({ requests: 1, transfers: 1, queue: 0 });
    using stuck = await openStuck(registry.url);
    using client = await Http2Client.open(registry.url);
    for (const path of ['/v2/', MISSING]) {
      const [stream] = await askInVain(stuck, path, 1);
      expect(stream!.readableLength).toBe(0);
      const { status } = await client.ask('GET', path);
      expect(status).toBe(path === MISSING ? 404 : 200);
    }
  });

  it('are none of a request while the body of a manifest is on its way', async () => {
    await using registry = await start({ requests: 1, transfers: 1, queue: 0 });
    using client = await Http2Client.open(registry.url);
    client.begin('PUT', '/v2/a/manifests/b').write('{');
    client.begin('PATCH', await beginUpload(client)).write('x');
    await client.ping();
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
  });

  it('bound the answers that wait in bytes: those that stand still are reset', async () => {
    await using registry = await start({ waitingbytes: MEBIBYTE });
    using client = await Http2Client.open(registry.url);
    const stuck = await Promise.all([openStuck(registry.url), openStuck(registry.url)]);
    const streams = (await Promise.all(stuck.map((each) => askInVain(each, '/v2/', 60)))).flat();
    await vi.waitFor(() => expect(open(streams)).toBeLessThanOrEqual(MEBIBYTE / 2 / (16 * 1024)));
    const codes = streams.filter(({ closed }) => closed).map(({ rstCode }) => rstCode);
    expect(new Set(codes)).toEqual(new Set([constants.NGHTTP2_ENHANCE_YOUR_CALM]));
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
    for (const each of stuck) each[Symbol.dispose]();
  });

  it('go to a client that waits for one, when the transfer stands still', async () => {
    await using registry = await start({ transfers: 2, clientshare: 100 });
    const { blobs } = registry.registry.repository(parseRepositoryName('a'));
    const { digest } = await blobs.put(Buffer.alloc(4 * MEBIBYTE));
    using stuck = await openStuck(registry.url);
    using client = await Http2Client.open(registry.url);
    const streams = await askInVain(stuck, `/v2/a/blobs/${digest}`, 2);
    expect((await client.ask('GET', `/v2/a/blobs/${digest}`)).status).toBe(200);
    expect(open(streams)).toBe(1);
  });

  it('are no more than the bytes of manifests that may be on their way', async () => {
    await using registry = await start({ waitingbytes: MEBIBYTE, queue: 0 });
    using client = await Http2Client.open(registry.url);
    const headers = { 'content-length': 100_000 };
    const streams = Array.from({ length: 4 }, () =>
      client.begin('PUT', '/v2/a/manifests/b', headers),
    );
    await client.ping();
    const push = () =>
      answerOf(client.begin('PUT', '/v2/a/manifests/b').end(Buffer.alloc(100_000)));
    expect((await push()).status).toBe(429);
    for (const stream of streams) stream.close();
    await vi.waitFor(async () => expect((await push()).status).toBe(400));
  });
});

const open = (streams: readonly ClientHttp2Stream[]) =>
  streams.filter(({ closed }) => !closed).length;

describe('places held by slow clients of HTTP/1.1', () => {
  /** Sends requests, and reads nothing of what comes. */
  async function askInVainOnSocket(url: string, text: string): Promise<Socket> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    socket.pause().write(text);
    return socket;
  }

  async function withLargeManifest(limits: LimitsInput) {
    const registry = await inClear(limits);
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const padding = 'x'.repeat(DEFAULT_MAXIMUM_MANIFEST_SIZE - 1000);
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType,
      manifests: [],
      annotations: { padding },
    });
    const headers = { 'content-type': mediaType };
    const { status } = await fetch(`${registry.url}/v2/a/manifests/b`, {
      method: 'PUT',
      headers,
      body,
    });
    expect(status).toBe(201);
    return registry;
  }

  const GET_MANIFEST = 'GET /v2/a/manifests/b HTTP/1.1\r\nHost: x\r\n\r\n';

  it('are none while answers wait to be taken', async () => {
    await using registry = await withLargeManifest({ requests: 1, queue: 0, clientshare: 100 });
    // More than the kernel takes: the first answer is on its way for as long as nobody reads.
    const sockets: Socket[] = [];
    for (let count = 0; count < 4; count++) {
      sockets.push(await askInVainOnSocket(registry.url, GET_MANIFEST.repeat(4)));
      await vi.waitFor(async () => {
        expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
      });
    }
    for (const socket of sockets) socket.destroy();
  });

  it('bound the answers that wait in bytes: connections that stand still end', async () => {
    await using registry = await withLargeManifest({ waitingbytes: 16 * MEBIBYTE });
    const sockets: Socket[] = [];
    for (let count = 0; count < 6; count++) {
      sockets.push(await askInVainOnSocket(registry.url, GET_MANIFEST.repeat(6)));
    }
    // 24 MiB of answers for each, of which the kernel takes less than half; one client has 8 MiB.
    const isOpen = async (socket: Socket) => {
      socket.write(GET_MANIFEST);
      return new Promise((resolve) => setImmediate(() => resolve(!socket.destroyed)));
    };
    await vi.waitFor(async () => {
      const left = await Promise.all(sockets.map(isOpen));
      expect(left.filter(Boolean).length).toBeLessThanOrEqual(2);
    });
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  it('go to a client that waits for one, when the upload stands still: the other is told to retry', async () => {
    await using registry = await inClear({ transfers: 1 });
    const location = async () =>
      (await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' })).headers.get(
        'location',
      )!;
    const [stuck, next] = [await location(), await location()];
    const head = `PATCH ${new URL(stuck).pathname} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx`;
    const socket = await askInVainOnSocket(registry.url, head);
    await fetch(`${registry.url}/v2/`);
    expect((await fetch(next, { method: 'PATCH', body: 'x' })).status).toBe(202);
    const [answer] = (await once(socket.resume(), 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 429 [^]*"the request stood still/);
  });
});

describe('a client address', () => {
  const ask = async (url: string, client: string, headers: Readonly<Record<string, string>> = {}) =>
    (await fetch(`${url}/v2/`, { headers: { 'x-forwarded-for': client, ...headers } })).status;

  /** Two requests of one client are at work, a third waits. */
  async function withBusyClient(limits: LimitsInput) {
    const access = new HeldAccess();
    const registry = await inClear({ requests: 4, anonymousshare: 50, ...limits }, { access });
    const held = ['2001:db8:1:2::1', '2001:db8:1:2::2'].map((it) => ask(registry.url, it, HELD));
    await vi.waitFor(() => expect(access.held).toBe(2));
    return { registry, access, held };
  }

  it('has a share of the places, and is refused at once beyond it, while others are answered', async () => {
    const { registry, access, held } = await withBusyClient({ queue: 1 });
    await using _registry = registry;
    const waiting = ask(registry.url, '2001:db8:1:2::3');
    await expect.poll(() => ask(registry.url, '2001:db8:1:2:ffff::4')).toBe(429);
    expect(await ask(registry.url, '2001:db8:1:3::1')).toBe(200);
    access.release();
    expect(await Promise.all([...held, waiting])).toEqual([200, 200, 200]);
  });

  it('is the one of the peer, when no trusted proxy says it', async () => {
    const { registry, access, held } = await withBusyClient({ queue: 0, trustedproxies: [] });
    await using _registry = registry;
    expect(await ask(registry.url, '2001:db8:1:3::1')).toBe(429);
    access.release();
    expect(await Promise.all(held)).toEqual([200, 200]);
  });

  it('has a smaller share for requests without a verified user', async () => {
    const limits = { transfers: 4, clientshare: 100, anonymousshare: 25, queue: 0 };
    await using registry = await inClear(limits, { access: new HeldAccess() });
    using client = await Http2Client.open(registry.url);
    const alice = { authorization: 'alice' };
    const paths: string[] = [];
    for (let count = 0; count < 4; count++) paths.push(await beginUpload(client, alice));
    const push = async (headers: OutgoingHttpHeaders) => {
      const stream = client.begin('PATCH', paths.pop()!, headers);
      stream.write('x');
      await client.ping();
      return stream;
    };
    const streams = [await push(alice), await push(alice), await push({})];
    expect((await answerOf((await push({})).end())).status).toBe(429);
    const answers = streams.map((stream) => answerOf(stream.end()));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([202, 202, 202]);
  });
});
