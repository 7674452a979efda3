import { once } from 'node:events';
import { constants, type ClientHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import { parseRepositoryName, type AccessController } from '@purser/core';
import { describe, expect, it, vi } from 'vitest';
import type { ConfigInput } from '../../../config/schema.ts';
import { answerOf, Http2Client } from '../../../fixtures/http2-client.ts';
import { startRegistry, type StartRegistryOptions } from '../../../start-registry.ts';

type LimitsInput = NonNullable<NonNullable<ConfigInput['http']>['limits']>;

const start = (limits: LimitsInput, more: StartRegistryOptions = {}) =>
  startRegistry({ ...more, http: { h2c: { enabled: true }, limits } });

const MEBIBYTE = 1024 * 1024;
const WHOLE = 2 ** 31 - 1;
const UPLOADS = '/v2/a/blobs/uploads/';

async function beginUpload(client: Http2Client): Promise<string> {
  const { headers } = await client.ask('POST', UPLOADS);
  return new URL(headers.location!).pathname;
}

/** Where somebody is quick beside it: a machine that is busy may stand still for a second. */
const PATIENCE = '2s';

/** Sends so much now and then. */
function sendNowAndThen(stream: ClientHttp2Stream, bytes: number): Disposable {
  const timer = setInterval(() => stream.writable && stream.write(Buffer.alloc(bytes)), 50);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

describe('a slow body over HTTP/2', () => {
  it('is cut off beside one that is fast, which goes on', async () => {
    await using registry = await start({ idletimeout: PATIENCE, bodyrate: 1000 });
    using client = await Http2Client.open(registry.url);
    const paths = [await beginUpload(client), await beginUpload(client)] as const;
    const [slow, fast] = paths.map((path) => client.begin('PATCH', path));
    const answered = answerOf(fast!);
    using _slow = sendNowAndThen(slow!, 1);
    using _fast = sendNowAndThen(fast!, 1000);
    const answer = await answerOf(slow!);
    expect(answer).toMatchObject({ status: 408, code: 'UNSUPPORTED', reset: 0 });
    expect(answer.body).toContain('go on from what was received');
    const received = async () => {
      const { headers } = await client.ask('GET', paths[0]);
      return Number(String(headers['range']).split('-')[1]);
    };
    await vi.waitFor(async () => expect(await received()).toBeGreaterThan(9));
    fast!.end();
    expect((await answered).status).toBe(202);
  });

  it('of a manifest is not waited for longer than its time', async () => {
    await using registry = await start({ requesttimeout: '1s', bodyrate: 0 });
    using client = await Http2Client.open(registry.url);
    const stream = client.begin('PUT', '/v2/a/manifests/b');
    using _sending = sendNowAndThen(stream, 10);
    const answer = await answerOf(stream);
    expect(answer).toMatchObject({ status: 408, code: 'UNSUPPORTED', reset: 0 });
    expect(answer.body).toContain('what is no blob has to come faster');
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
  });

  it('that was refused ends with its stream', async () => {
    await using registry = await start({ requesttimeout: '1s', bodyrate: 0 });
    using client = await Http2Client.open(registry.url);
    const stream = client.begin('PATCH', `${UPLOADS}unknown`);
    using _sending = sendNowAndThen(stream, 10);
    expect(await answerOf(stream)).toMatchObject({ status: 404 });
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
  });

  it('is no concern of the client while it waits for a place', async () => {
    await using registry = await start({
      transfers: 1,
      queuetimeout: '60s',
      idletimeout: PATIENCE,
      bodyrate: 1000,
    });
    using client = await Http2Client.open(registry.url);
    const paths = [await beginUpload(client), await beginUpload(client)] as const;
    const [first, second] = paths.map((path) => client.begin('PATCH', path));
    using sending = sendNowAndThen(first!, 1000);
    second!.write('x');
    const answer = answerOf(second!);
    const firstAnswer = answerOf(first!);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    sending[Symbol.dispose]();
    first!.end();
    expect((await firstAnswer).status).toBe(202);
    second!.end();
    expect((await answer).status).toBe(202);
  });
});

describe('an answer over HTTP/2', () => {
  async function withBlob(limits: LimitsInput) {
    const registry = await start(limits);
    const { blobs } = registry.registry.repository(parseRepositoryName('a'));
    const { digest } = await blobs.put(Buffer.alloc(32 * MEBIBYTE));
    return { registry, path: `/v2/a/blobs/${digest}` };
  }

  it('that is not taken ends, whatever is taken of another', async () => {
    const { registry, path } = await withBlob({ idletimeout: PATIENCE, bodyrate: 1000 });
    await using _registry = registry;
    using client = await Http2Client.open(registry.url);
    const stuck = client.begin('GET', path);
    // Nobody reads it, so that its window closes.
    const end = new Promise<number>((resolve) => stuck.once('close', () => resolve(stuck.rstCode)));
    const taken = client.begin('GET', path);
    let bytes = 0;
    for await (const chunk of taken as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(bytes).toBe(32 * MEBIBYTE);
    expect(await end).toBe(constants.NGHTTP2_CANCEL);
    expect((await client.ask('GET', '/v2/')).status).toBe(200);
  });

  it('gives its place back when nothing at all is read', async () => {
    const { registry, path } = await withBlob({ idletimeout: '1s', transfers: 1, queue: 0 });
    await using _registry = registry;
    const socket = connect(Number(new URL(registry.url).port), '127.0.0.1');
    using stuck = await Http2Client.open(registry.url, {
      createConnection: () => socket,
      settings: { initialWindowSize: WHOLE },
    });
    stuck.session.setLocalWindowSize(WHOLE);
    await once(stuck.begin('GET', path), 'response');
    // What pauses a socket does not pause the session that reads from it.
    (socket as unknown as { _handle: { readStop(): void } })._handle.readStop();
    using client = await Http2Client.open(registry.url);
    expect((await client.ask('GET', path)).status).toBe(429);
    await vi.waitFor(async () => expect((await client.ask('GET', path)).status).toBe(200), 10_000);
  });

  it('may take longer than any limit while it is taken', async () => {
    const { registry, path } = await withBlob({
      idletimeout: PATIENCE,
      requesttimeout: '1s',
      bodyrate: 1000,
    });
    await using _registry = registry;
    // Windows of which the client needs to say next to nothing.
    using client = await Http2Client.open(registry.url, {
      settings: { initialWindowSize: MEBIBYTE },
    });
    const stream = client.begin('GET', path);
    const startedAt = performance.now();
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const before = Math.floor(bytes / MEBIBYTE);
      bytes += chunk.byteLength;
      if (Math.floor(bytes / MEBIBYTE) > before) await new Promise((r) => setTimeout(r, 120));
    }
    expect(bytes).toBe(32 * MEBIBYTE);
    expect(performance.now() - startedAt).toBeGreaterThan(3000);
  });

  it('may be waited for longer than any limit', async () => {
    const { promise: allowed, resolve: allow } = Promise.withResolvers<void>();
    const access: AccessController = {
      async identify() {
        await allowed;
        return { refusalOf: () => undefined };
      },
    };
    const limits = { idletimeout: '1s', requesttimeout: '1s', bodyrate: 1000 };
    await using registry = await start(limits, { access });
    using client = await Http2Client.open(registry.url);
    const answers = Promise.all([
      client.ask('GET', '/v2/a/tags/list'),
      answerOf(client.begin('PUT', '/v2/a/manifests/b').end('{}')),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    allow();
    expect((await answers).map(({ status }) => status)).toEqual([404, 400]);
  });
});
