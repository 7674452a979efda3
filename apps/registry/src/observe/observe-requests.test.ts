import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import Koa, { type Middleware } from 'koa';
import { describe, expect, it } from 'vitest';
import type { LogFields, Logger } from './logger.ts';
import {
  noteFailure,
  notePlanned,
  observeRequests,
  type RequestObserverOptions,
} from './observe-requests.ts';

interface Told {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
  readonly access: string;
}

type Options = Partial<RequestObserverOptions> & { readonly hasAccessLog?: boolean };

/** A server with one middleware behind the observer; `told` is what the logs hear of the next request. */
async function startServer(answer: Middleware, { hasAccessLog = true, ...options }: Options = {}) {
  const { promise: told, resolve } = Promise.withResolvers<Told>();
  let access = '';
  const log =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      resolve({ level, message, fields, access });
  const logger: Logger = {
    error: log('error'),
    warn: log('warn'),
    info: log('info'),
    debug: log('debug'),
    isEnabled: () => true,
  };
  const application = new Koa();
  application.on('error', () => {});
  const lines: string[] = [];
  const writeAccess = (line: string) => {
    access += line;
    lines.push(line);
  };
  application.use(
    observeRequests({ logger, writeAccess: hasAccessLog ? writeAccess : undefined, ...options }),
  );
  application.use(answer);
  const handle = application.callback();
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    told,
    lines,
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('observeRequests', () => {
  it('tells of a request and its answer', async () => {
    await using server = await startServer((context) => {
      context.type = 'application/json';
      context.body = '{}';
    });
    const headers = { Referer: 'http://r/', 'User-Agent': 'test' };
    await (await fetch(`${server.url}/v2/?n=1`, { headers })).text();
    const { level, message, fields, access } = await server.told;
    expect([level, message]).toEqual(['debug', 'response completed']);
    expect(fields).toMatchObject({
      'http.request.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'http.request.method': 'GET',
      'http.request.uri': '/v2/?n=1',
      'http.request.host': `127.0.0.1:${server.port}`,
      'http.request.remoteaddr': '127.0.0.1',
      'http.request.referer': 'http://r/',
      'http.request.useragent': 'test',
      'http.response.status': 200,
      'http.response.written': 2,
      'http.response.contenttype': 'application/json; charset=utf-8',
      'http.response.duration': expect.stringMatching(/^\d+\.\d{3}ms$/),
    });
    expect(access).toMatch(/"GET \/v2\/\?n=1 HTTP\/1\.1" 200 2 "http:\/\/r\/" "test"\n$/);
  });

  it.each([
    [200, 'info', 'response completed'],
    [307, 'info', 'response completed'],
    [401, 'info', 'response completed'],
    [404, 'info', 'response completed'],
    [500, 'error', 'response completed with error'],
  ])('tells of a %i answer as %s, without an access log', async (status, level, message) => {
    const answer: Middleware = (context) => void (context.status = status);
    await using server = await startServer(answer, { hasAccessLog: false });
    await fetch(`${server.url}/v2/`, { redirect: 'manual' });
    expect(await server.told).toMatchObject({ level, message });
  });

  it.each([
    [200, 'debug'],
    [404, 'debug'],
    [503, 'error'],
  ])('leaves a %i answer to the access log, and else tells it as %s', async (status, level) => {
    await using server = await startServer((context) => void (context.status = status));
    await fetch(`${server.url}/v2/`);
    expect(await server.told).toMatchObject({ level });
    expect(server.lines).toHaveLength(1);
  });

  it('tells the cause of a failure in the line of its request', async () => {
    await using server = await startServer((context) => {
      context.status = 500;
      noteFailure(context, new Error('the disk is gone'));
    });
    await fetch(`${server.url}/v2/`);
    const { fields } = await server.told;
    expect(fields).toMatchObject({
      'err.message': 'the disk is gone',
      'http.request.uri': '/v2/',
      'http.response.status': 500,
    });
  });

  it('tells no error of what the operator wants', async () => {
    await using server = await startServer((context) => {
      context.status = 503;
      notePlanned(context);
    });
    await fetch(`${server.url}/v2/`);
    expect(await server.told).toMatchObject({ level: 'debug' });
  });

  it.each(['/', '/livez', '/readyz?verbose', '/readyz/write'])(
    'tells nothing of the probe %s',
    async (path) => {
      await using server = await startServer((context) => void (context.status = 503));
      await fetch(`${server.url}${path}`);
      await fetch(`${server.url}/v2/`);
      expect((await server.told).fields['http.request.uri']).toBe('/v2/');
      expect(server.lines).toEqual([expect.stringContaining('"GET /v2/ ')]);
    },
  );

  it('tells of probes when it is asked to', async () => {
    const answer: Middleware = (context) => void (context.status = 200);
    await using server = await startServer(answer, { probes: true });
    await fetch(`${server.url}/livez`);
    expect((await server.told).fields['http.request.uri']).toBe('/livez');
  });

  it('counts no bytes of an answer to HEAD', async () => {
    await using server = await startServer((context) => void (context.body = 'content'));
    await fetch(`${server.url}/v2/`, { method: 'HEAD' });
    const { fields } = await server.told;
    expect(fields['http.response.written']).toBe(0);
  });

  it('counts what a client took that left, and knows where it was', async () => {
    await using server = await startServer((context) => {
      context.set('Content-Length', '1000000000');
      context.res.write('part');
      context.respond = false;
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    const { fields } = await server.told;
    expect(fields['http.response.written']).toBeLessThan(1000);
    expect(fields['http.request.remoteaddr']).toBe('127.0.0.1');
  });

  it('gives each request an id of its own', async () => {
    const ids = new Set<unknown>();
    await using server = await startServer((context) => {
      ids.add(context.state['requestId']);
      context.status = 200;
    });
    await fetch(server.url);
    await fetch(server.url);
    expect(ids.size).toBe(2);
  });
});
