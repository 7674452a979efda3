import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { request as request1 } from 'node:http';
import { connect as connect2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createConfig } from '../../config/load.ts';
import { createSilentLogger } from '../../observe/logger.ts';
import { createHttpServer } from './http-server.ts';

const MEBIBYTE = 1024 * 1024;

async function startServer(handle: RequestListener, timeoutMs?: number) {
  const config = createConfig({ http: { h2c: { enabled: true } } });
  const parts = { handle, logger: createSilentLogger() };
  const { http, connections } = await createHttpServer(config.http, parts);
  http.timeout = timeoutMs ?? http.timeout;
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(async () => void (await connections.drain(0)));
  const { port } = http.address() as AddressInfo;
  return { http, connections, port, open: () => openSession(port) };
}

async function openSession(port: number): Promise<ClientHttp2Session> {
  const session = connect2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  await once(session, 'connect');
  return session;
}

function ask(session: ClientHttp2Session, headers: Record<string, string> = {}): ClientHttp2Stream {
  const stream = session.request({ ':path': '/', ...headers });
  stream.setEncoding('utf8').on('error', () => {});
  return stream;
}

/** Requests that are answered when the test says so. */
function deferRequests() {
  const { promise, resolve } = Promise.withResolvers<[IncomingMessage, ServerResponse]>();
  return {
    handle: ((request, response) => resolve([request, response])) as RequestListener,
    arrived: promise,
  };
}

const echo: RequestListener = (request, response) => {
  void text(request).then((body) =>
    response.end(`${request.httpVersion} ${request.method} ${body}`),
  );
};

describe('a server with HTTP/2 in clear', () => {
  it('is asked in HTTP/2 and in HTTP/1.1 on one port', async () => {
    const { port, open } = await startServer(echo);
    const stream = ask(await open(), { ':method': 'PUT' });
    stream.end('two');
    expect(await text(stream)).toBe('2.0 PUT two');
    const request = request1({ port, method: 'PUT' }).end('one');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('1.1 PUT one');
  });

  it('knows HTTP/1.1 however few bytes come at a time', async () => {
    const { port } = await startServer(echo);
    const socket = await openSocket(port);
    const head = 'PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab';
    for (const byte of head) {
      await new Promise((resolve) => socket.write(byte, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await text(socket)).toContain('1.1 PUT ab');
  });

  it.each(['', 'PR'])('lets go who sends "%s" and no more', async (bytes) => {
    const { port } = await startServer(echo);
    const socket = await openSocket(port);
    socket.end(bytes);
    expect(await text(socket)).toBe('');
  });
});

async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  return socket;
}

describe('draining connections of HTTP/2', () => {
  it('ends those without a request at once, and those that did not say what they speak', async () => {
    const { connections, open, port } = await startServer(echo);
    const [session, silent] = [await open(), await openSocket(port)];
    const goaway = once(session, 'goaway');
    const ends = Promise.all([once(session, 'close'), once(silent.resume(), 'close')]);
    expect(await connections.drain(60_000)).toBe(true);
    expect((await goaway)[0]).toBe(0);
    await ends;
  });

  it('lets running requests finish, and takes no others', async () => {
    const { handle, arrived } = deferRequests();
    const { connections, open } = await startServer(handle);
    const session = await open();
    const stream = ask(session);
    const [, response] = await arrived;
    expect(connections.running).toBe(1);
    const goaway = once(session, 'goaway');
    const drained = connections.drain(60_000);
    await goaway;
    expect(session.closed).toBe(true);
    response.end('all of it');
    expect(await text(stream)).toBe('all of it');
    expect(await drained).toBe(true);
  });

  it('lets a slow upload finish', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    const { connections, open } = await startServer((request, response) => {
      resolve();
      echo(request, response);
    });
    const stream = ask(await open(), { ':method': 'PUT' });
    stream.write('ab');
    await arrived;
    const drained = connections.drain(60_000);
    stream.end('cd');
    expect(await text(stream)).toContain('abcd');
    expect(await drained).toBe(true);
  });

  it.each([0, 1])('cuts off what is not finished after %i ms', async (timeoutMs) => {
    const { handle, arrived } = deferRequests();
    const { connections, open } = await startServer(handle);
    const session = await open();
    ask(session);
    await arrived;
    const closed = once(session, 'close');
    expect(await connections.drain(timeoutMs)).toBe(false);
    await closed;
  });

  it('counts a request as over when its client has left', async () => {
    const { handle, arrived } = deferRequests();
    const { connections, open } = await startServer(handle);
    const session = await open();
    ask(session);
    const [, response] = await arrived;
    session.destroy();
    await once(response, 'close');
    expect(connections.running).toBe(0);
    expect(await connections.drain(60_000)).toBe(true);
  });
});

describe('HTTP/2 that stands still', () => {
  it('is ended when there is no request', async () => {
    const { open } = await startServer(echo, 20);
    const session = await open();
    expect((await once(session, 'goaway'))[0]).toBe(0);
    await once(session, 'close');
  });

  it('loses a stream on which it is the turn of the client, whatever happens on others', async () => {
    const { open } = await startServer((request, response) => {
      if (request.method === 'GET') response.end('ok');
      else request.resume();
    }, 100);
    const session = await open();
    const stream = ask(session, { ':method': 'PUT' });
    stream.write('ab');
    const stop = keepAsking(session);
    await once(stream, 'close');
    stop();
    expect(stream.rstCode).toBe(8);
    expect(session.closed).toBe(false);
  });

  it('is left alone while it is our turn', async () => {
    const { handle, arrived } = deferRequests();
    const { open } = await startServer(handle, 20);
    const stream = ask(await open());
    const [request, response] = await arrived;
    await once(request, 'timeout');
    await new Promise((resolve) => setTimeout(resolve, 60));
    response.end('committed at last');
    expect(await text(stream)).toBe('committed at last');
  });
});

describe('HTTP/2 whose client reads nothing', () => {
  it('is let go with what was written for it', async () => {
    const { http, port } = await startServer((_request, response) => {
      const chunk = Buffer.alloc(MEBIBYTE);
      const send = (error?: unknown) => void (error == null && response.write(chunk, send));
      send();
    }, 200);
    const socket = await openSocket(port);
    const whole = 2 ** 31 - 1;
    const session = connect2('http://x', {
      createConnection: () => socket,
      settings: { initialWindowSize: whole },
    });
    session.on('error', () => {});
    onTestFinished(() => session.destroy());
    await once(session, 'remoteSettings');
    session.setLocalWindowSize(whole);
    const stream = ask(session);
    await once(stream, 'response');
    // What pauses a socket does not pause the session that reads from it.
    (socket as unknown as { _handle: { readStop(): void } })._handle.readStop();
    const connections = () =>
      new Promise((resolve) => http.getConnections((_, count) => resolve(count)));
    await expect.poll(connections).toBe(0);
  });
});

describe('the window of HTTP/2', () => {
  it('of a connection is that of distribution', async () => {
    const { open } = await startServer(echo);
    const session = await open();
    await expect.poll(() => session.state.remoteWindowSize).toBe(MEBIBYTE);
  });
});

function keepAsking(session: ClientHttp2Session): () => void {
  const timer = setInterval(() => ask(session).resume(), 20);
  return () => clearInterval(timer);
}
