import { once } from 'node:events';
import { constants, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { parseRepositoryName } from '@purser/core';
import {
  CertificateAuthority,
  needPrograms,
  type CertificateFiles,
} from '@purser/external-programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../../config/schema.ts';
import { HELD, HeldAccess } from '../../../fixtures/held-access.ts';
import { answerOf, Http2Client } from '../../../fixtures/http2-client.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  GET_HEADERS,
  headerBlock,
  PREFACE,
} from '../../../fixtures/http2-frames.ts';
import { openRawConnection } from '../../../fixtures/raw-connection.ts';
import { createTemporaryDirectory } from '../../../fixtures/temporary-directory.ts';
import type { RunningRegistry } from '../../../index.ts';
import { startRegistry, type StartRegistryOptions } from '../../../start-registry.ts';

type LimitsInput = NonNullable<NonNullable<ConfigInput['http']>['limits']>;

const { isUnmet, note } = needPrograms('openssl');
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

const UPLOADS = '/v2/a/blobs/uploads/';
const MEBIBYTE = 1024 * 1024;
const TOO_MANY = { status: 429, code: 'TOOMANYREQUESTS', headers: { 'retry-after': '5' } };

async function beginUpload(client: Http2Client): Promise<string> {
  const { headers } = await client.ask('POST', UPLOADS);
  return new URL(headers.location!).pathname;
}

const many = (count: number, length = 1): OutgoingHttpHeaders =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, 'y'.repeat(length)]));

const TRANSPORTS: readonly (readonly [string, typeof inClear])[] = [
  ['in clear', inClear],
  ...(isUnmet ? [] : [['over TLS', overTls] as const]),
];

describe.each(TRANSPORTS)('requests of HTTP/2 %s', (_name, start) => {
  it('beyond their places wait, and beyond the queue are refused', async () => {
    const access = new HeldAccess();
    await using registry = await start({ requests: 1, queue: 1, queuetimeout: '60s' }, { access });
    using client = await Http2Client.open(registry.url);
    const busy = client.ask('GET', '/v2/', HELD);
    const waiting = client.ask('GET', '/v2/');
    expect(await client.ask('GET', '/v2/')).toMatchObject(TOO_MANY);
    expect((await client.ask('GET', '/livez')).status).toBe(200);
    access.release();
    expect([(await busy).status, (await waiting).status]).toEqual([200, 200]);
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
  });

  it('wait for their place no longer than they may', async () => {
    const access = new HeldAccess();
    await using registry = await start({ requests: 1, queue: 1, queuetimeout: '1s' }, { access });
    using client = await Http2Client.open(registry.url);
    const busy = client.begin('GET', '/v2/', HELD);
    expect(await client.ask('GET', '/v2/')).toMatchObject(TOO_MANY);
    expect(busy.closed).toBe(false);
    access.release();
  });

  it('give their places back when they are reset: in the queue, sending, taking', async () => {
    await using registry = await start({
      requests: 1,
      transfers: 1,
      queue: 1,
      queuetimeout: '60s',
    });
    const { blobs } = registry.registry.repository(parseRepositoryName('a'));
    const { digest } = await blobs.put(Buffer.alloc(16 * MEBIBYTE));
    using client = await Http2Client.open(registry.url);
    const path = await beginUpload(client);
    const uploading = client.begin('PATCH', path);
    uploading.write('x');
    for (let count = 0; count < 3; count++) {
      const waiting = client.begin('GET', `/v2/a/blobs/${digest}`);
      await client.ping();
      waiting.close(constants.NGHTTP2_CANCEL);
      await client.ping();
    }
    const next = client.begin('GET', `/v2/a/blobs/${digest}`);
    const [headers] = await Promise.all([
      once(next, 'response') as Promise<[{ readonly ':status': number }]>,
      client.ping().then(() => uploading.close(constants.NGHTTP2_CANCEL)),
    ]);
    expect(headers[0][':status']).toBe(200);
    next.close(constants.NGHTTP2_CANCEL);
    const manifest = client.begin('PUT', '/v2/a/manifests/b');
    manifest.write('{');
    await client.ping();
    manifest.close(constants.NGHTTP2_CANCEL);
    const last = client.begin('PATCH', await beginUpload(client));
    expect((await answerOf(last.end('x'))).status).toBe(202);
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
  });

  it('have so many headers, and are reset with more', async () => {
    await using registry = await start({ headers: 10 });
    using client = await Http2Client.open(registry.url);
    expect((await client.ask('GET', '/v2/', many(10))).status).toBe(200);
    const { status, reset } = await client.ask('GET', '/v2/', many(11));
    expect([status, reset]).toEqual([0, constants.NGHTTP2_ENHANCE_YOUR_CALM]);
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
  });

  it('have headers of so many bytes, and are reset with more', async () => {
    await using registry = await start({ headersize: 20_000 });
    using client = await Http2Client.open(registry.url);
    expect((await client.ask('GET', '/v2/', many(9, 2000))).status).toBe(200);
    const { status, reset } = await client.ask('GET', '/v2/', many(11, 2000));
    expect([status, reset]).toEqual([0, constants.NGHTTP2_ENHANCE_YOUR_CALM]);
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
  });

  it('have no longer URL than they may', async () => {
    await using registry = await start({ urllength: 256 });
    using client = await Http2Client.open(registry.url);
    const answer = await client.ask('GET', `/v2/?${'x'.repeat(300)}`);
    expect(answer).toMatchObject({ status: 414 });
    expect(answer.body).toContain('at most 256 characters');
  });
});

describe.each(TRANSPORTS)('connections of HTTP/2 %s', (_name, start) => {
  it('are idle between requests, and go when there are too many', async () => {
    await using registry = await start({ connections: 2 });
    using first = await Http2Client.open(registry.url);
    using second = await Http2Client.open(registry.url);
    // Many requests that are over must not stand for the connections that they came on.
    for (let count = 0; count < 20; count++) {
      for (const each of [second, first]) {
        expect((await each.ask('GET', '/v2/')).status).toBe(200);
      }
    }
    // The second has been idle for longer than the first.
    using newcomer = await Http2Client.open(registry.url);
    await second.closed;
    expect((await newcomer.ask('GET', '/v2/')).status).toBe(200);
    expect((await first.ask('GET', '/v2/')).status).toBe(200);
  });

  it('that are in use stay, and a further one is closed', async () => {
    await using registry = await start({ connections: 1 });
    using busy = await Http2Client.open(registry.url);
    const upload = busy.begin('PATCH', await beginUpload(busy));
    upload.write('x');
    await busy.ping();
    using other = await openRawConnection(registry.url);
    expect(await other.readToEnd()).toBe('');
    expect((await answerOf(upload.end())).status).toBe(202);
    using next = await Http2Client.open(registry.url);
    expect((await next.ask('GET', '/v2/')).status).toBe(200);
  });

  it('of one client are bounded', async () => {
    await using registry = await start({ connectionsperclient: 1 });
    using first = await Http2Client.open(registry.url);
    using second = await openRawConnection(registry.url);
    expect(await second.readToEnd()).toBe('');
    expect((await first.ask('GET', '/v2/')).status).toBe(200);
    first.session.close();
    await first.closed;
    using third = await Http2Client.open(registry.url);
    expect((await third.ask('GET', '/v2/')).status).toBe(200);
  });

  it('end with GOAWAY when nothing is asked on them for as long as they may stand still', async () => {
    await using registry = await start({ idletimeout: '1s' });
    using client = await Http2Client.open(registry.url);
    const [code] = (await once(client.session, 'goaway')) as [number];
    expect(code).toBe(constants.NGHTTP2_NO_ERROR);
    await client.closed;
  });
});

describe('requests of HTTP/2 that are reset at once', () => {
  /** Both in one packet. */
  function resetAtOnce(stream: number, headers: readonly (readonly [string, string])[]): Buffer {
    const first = [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', 'x'],
      [':path', '/v2/'],
    ] as const;
    const payload = headerBlock([...first, ...headers]);
    const code = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
    return Buffer.concat([
      frame(FRAME.headers, { flags: END_HEADERS | END_STREAM, stream, payload }),
      frame(FRAME.reset, { stream, payload: code }),
    ]);
  }

  it.each([
    ['usual', 0],
    ['heavy', 180],
  ])('hold no place, with %s headers', async (_what, count) => {
    await using registry = await inClear({ requests: 1, queue: 2, queuetimeout: '60s' });
    const headers = Array.from({ length: count }, (_, i) => [`x-${i}`, 'y'.repeat(100)] as const);
    const socket = connectTcp(Number(new URL(registry.url).port), '127.0.0.1');
    const acknowledged = once(socket, 'data');
    socket.write(Buffer.concat([PREFACE, frame(FRAME.settings)]));
    await acknowledged;
    // Frames may be as large as the server says from now on.
    socket.write(frame(FRAME.settings, { flags: ACKNOWLEDGED }));
    using client = await Http2Client.open(registry.url);
    for (let stream = 1; stream < 40; stream += 2) {
      await new Promise((resolve) => socket.write(resetAtOnce(stream, headers), resolve));
      expect((await client.ask('GET', '/v2/', Object.fromEntries(headers))).status).toBe(200);
    }
    expect(socket.readyState).toBe('open');
    socket.destroy();
  });
});

const ACKNOWLEDGED = 1;

describe('headers of HTTP/2 that do not end', () => {
  const payload = headerBlock(Array.from({ length: 100 }, () => ['x', 'y'.repeat(100)]));
  const request = frame(FRAME.headers, { flags: END_HEADERS | END_STREAM, stream: 3, payload });
  const answered = { flags: END_HEADERS | END_STREAM, stream: 1, payload: GET_HEADERS };

  it.each<[string, LimitsInput, readonly Buffer[]]>([
    ['of the first request', { headertimeout: '1s', idletimeout: 0 }, []],
    ['of a later one', { idletimeout: '1s' }, [frame(FRAME.headers, answered)]],
  ])('are waited for no longer than they may be: %s', async (_what, limits, before) => {
    await using registry = await inClear(limits);
    const [socket] = await connectSilently(registry, 1);
    socket!.write(Buffer.concat([PREFACE, frame(FRAME.settings), ...before]));
    let sent = 0;
    const dribble = setInterval(() => socket!.write(request.subarray(sent, ++sent)), 50);
    await once(socket!, 'close');
    clearInterval(dribble);
    expect(sent).toBeLessThan(request.length);
  });
});

/** Connects and says nothing. */
async function connectSilently({ url }: RunningRegistry, count: number) {
  const sockets = [];
  for (let index = 0; index < count; index++) {
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    sockets.push(socket.resume());
  }
  return sockets;
}

describe.skipIf(isUnmet)(`a handshake that is not finished${note}`, () => {
  it('is waited for no longer than headers', async () => {
    await using registry = await overTls({ headertimeout: '1s', idletimeout: 0 });
    const [silent] = await connectSilently(registry, 1);
    await once(silent!, 'close');
    expect(silent!.bytesRead).toBe(0);
  });

  it('makes room for who comes after it', async () => {
    await using registry = await overTls({ connections: 2 });
    const silent = await connectSilently(registry, 2);
    using client = await Http2Client.open(registry.url);
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
    expect(silent.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    for (const socket of silent) socket.destroy();
  });
});
