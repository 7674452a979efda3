import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Connections } from './connections.ts';

/** A server whose requests are answered when the test says so. */
async function startServer(handle: RequestListener) {
  const server = createServer(handle);
  const connections = new Connections(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, connections, open: () => openSocket(port), port };
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  await once(socket, 'connect');
  return socket;
}

/** Everything that comes until the server closes the connection. */
async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk));
  await once(socket, 'close');
  return text;
}

function deferredRequest() {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>();
  const handle: RequestListener = (_request, response) => resolve(response);
  return { handle, arrived: promise };
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('draining', () => {
  it('ends connections without a request, and soon those that never had one', async () => {
    const { connections, open } = await startServer((_request, response) => response.end('ok'));
    const silent = await open();
    const idle = await open();
    idle.write(GET);
    await once(idle, 'data');
    const ends = Promise.all([readToEnd(silent), readToEnd(idle)]);
    expect(await connections.drain(60_000)).toBe(true);
    await ends;
  });

  it('gives a connection that has just been accepted time for a request', async () => {
    const { connections, open } = await startServer((_request, response) => response.end('ok'));
    const socket = await open();
    const drained = connections.drain(60_000);
    await wait(200);
    socket.write(GET);
    expect(await readToEnd(socket)).toMatch(/\r\nConnection: close\r\n[^]*ok/);
    expect(await drained).toBe(true);
  });

  it('accepts connections that wait in the system', async () => {
    const { connections, port } = await startServer((_request, response) => response.end('ok'));
    // The system accepts them at once, and Node.js when this test waits.
    const sockets = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
    const answers = sockets.map((socket) => {
      socket.on('error', () => {}).write(GET);
      return readToEnd(socket.setEncoding('utf8')).catch(() => 'reset');
    });
    expect(await connections.drain(60_000)).toBe(true);
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('lets a running answer finish and closes its connection, by its headers', async () => {
    const { handle, arrived } = deferredRequest();
    const { connections, open } = await startServer(handle);
    const socket = await open();
    socket.write(GET);
    const response = await arrived;
    const drained = connections.drain(60_000);
    response.end('all of it');
    const text = await readToEnd(socket);
    expect(text).toMatch(/\r\nConnection: close\r\n[^]*all of it/);
    expect(await drained).toBe(true);
  });

  it('lets an answer finish whose headers are out already', async () => {
    const { handle, arrived } = deferredRequest();
    const { connections, open } = await startServer(handle);
    const socket = await open();
    socket.write(GET);
    const response = await arrived;
    response.write('first, ');
    await once(socket, 'data');
    const drained = connections.drain(60_000);
    response.end('last');
    expect(await readToEnd(socket)).toContain('last');
    expect(await drained).toBe(true);
  });

  it('lets a slow upload finish', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    const { connections, open } = await startServer((request, response) => {
      resolve();
      request.resume().on('end', () => response.end('stored'));
    });
    const socket = await open();
    socket.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab');
    await arrived;
    const drained = connections.drain(60_000);
    socket.write('cd');
    expect(await readToEnd(socket)).toContain('stored');
    expect(await drained).toBe(true);
  });

  it('accepts nobody any more', async () => {
    const { connections, port } = await startServer((_request, response) => response.end());
    await connections.drain(0);
    const socket = connect(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it.each([0, 1])('cuts off what is not finished after %i ms', async (timeoutMs) => {
    const { handle, arrived } = deferredRequest();
    const { connections, open } = await startServer(handle);
    const socket = await open();
    const end = readToEnd(socket.on('error', () => {}));
    socket.write(GET);
    await arrived;
    expect(connections.running).toBe(1);
    expect(await connections.drain(timeoutMs)).toBe(false);
    expect(await end).toBe('');
  });

  it('is one thing, however often it is asked for', async () => {
    const { connections } = await startServer((_request, response) => response.end());
    expect(connections.drain(60_000)).toBe(connections.drain(0));
    expect(await connections.drain(0)).toBe(true);
  });
});

describe('a connection that stands still', () => {
  it('is ended while it is the turn of the client', async () => {
    const { server, open, connections } = await startServer(() => {});
    server.timeout = 20;
    const socket = await open();
    socket.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab');
    expect(await readToEnd(socket)).toBe('');
    await connections.drain(0);
  });

  it('is left alone while it is our turn', async () => {
    const { handle, arrived } = deferredRequest();
    const { server, open, connections } = await startServer(handle);
    server.timeout = 20;
    const socket = await open();
    const end = readToEnd(socket);
    socket.write(GET);
    const response = await arrived;
    await once(server, 'timeout');
    response.end('committed at last');
    await connections.drain(60_000);
    expect(await end).toContain('committed at last');
  });
});

describe('retiring', () => {
  it('accepts and answers, and says with each answer that the connection ends', async () => {
    const { handle, arrived } = deferredRequest();
    const { connections, open } = await startServer(handle);
    const early = await open();
    early.write(GET);
    const response = await arrived;
    connections.retire();
    response.end('early');
    expect(await readToEnd(early)).toMatch(/\r\nConnection: close\r\n[^]*early/);
    await connections.drain(0);
  });

  it('lets clients connect, on which the end is told as well', async () => {
    const { connections, open } = await startServer((_request, response) => response.end('late'));
    connections.retire();
    const late = await open();
    late.write(GET);
    expect(await readToEnd(late)).toMatch(/\r\nConnection: close\r\n[^]*late/);
    await connections.drain(0);
  });
});
