import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { readAnswer, sendRaw } from './fixtures/raw-request.ts';
import { serve, type TestRegistry } from './fixtures/serve.ts';

const MEBIBYTE = Buffer.alloc(1024 * 1024);
const PUT_HEAD = 'PUT /v2/a/manifests/x HTTP/1.1\r\nHost: x\r\nContent-Type: x/y\r\n';
const PING = 'GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n';
const LAST_PING = PING.replace('Host: x', 'Host: x\r\nConnection: close');

function chunked(content: Uint8Array): Buffer {
  const size = `${content.byteLength.toString(16)}\r\n`;
  return Buffer.concat([Buffer.from(size), content, Buffer.from('\r\n')]);
}

/** Sends until the other side has had enough. */
async function flood(socket: Socket, chunk: Uint8Array, count: number): Promise<void> {
  for (let sent = 0; sent < count && socket.writable; sent++) {
    await new Promise((resolve) => socket.write(chunk, resolve));
  }
}

/** Settles when the connection is closed, in whatever way. */
function closeOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

async function openSession({ url }: TestRegistry): Promise<string> {
  const response = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' });
  return response.headers.get('location') ?? '';
}

describe('CVE-2017-11468: a body that nobody reads', () => {
  it.each([
    ['with a length', `Content-Length: ${50 * MEBIBYTE.length}`, MEBIBYTE],
    ['in chunks', 'Transfer-Encoding: chunked', chunked(MEBIBYTE)],
    [
      'after waiting for 100',
      `Content-Length: ${50 * MEBIBYTE.length}\r\nExpect: 100-continue`,
      MEBIBYTE,
    ],
  ])('of 50 MiB %s gets its answer, then the connection ends', async (_name, header, chunk) => {
    await using server = await serve();
    const socket = connect(server.port, '127.0.0.1');
    const answer = readAnswer(socket);
    const closed = closeOf(socket);
    socket.write(`${PUT_HEAD}${header}\r\n\r\n`);
    await flood(socket, chunk, 50);
    expect((await answer)?.status).toBe(413);
    await closed;
    expect(socket.bytesWritten).toBeLessThan(50 * MEBIBYTE.length);
    expect(server.failures).toEqual([]);
  });

  it.each([
    {
      name: 'with a length',
      header: `Content-Length: ${5 * MEBIBYTE.length}`,
      chunk: MEBIBYTE,
      end: '',
    },
    {
      name: 'in chunks',
      header: 'Transfer-Encoding: chunked',
      chunk: chunked(MEBIBYTE),
      end: '0\r\n\r\n',
    },
  ])('of 5 MiB $name leaves the connection to the next request', async ({ header, chunk, end }) => {
    await using server = await serve();
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`${PUT_HEAD}${header}\r\n\r\n`);
    await flood(socket, chunk, 5);
    const received = text(socket);
    socket.write(end + LAST_PING);
    expect((await received).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  });

  it.each([
    ['POST', '/v2/a/blobs/uploads/', 202],
    ['PATCH', '/v2/a/blobs/uploads/x', 404],
    ['PUT', '/v2/A/manifests/x', 400],
    ['POST', '/v2/_catalog', 405],
    ['GET', '/v2/', 200],
  ])('of %s %s does not hold the connection up', async (method, path, status) => {
    await using server = await serve();
    const socket = connect(server.port, '127.0.0.1');
    const received = text(socket);
    const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n`;
    socket.write(head + 'x'.repeat(100_000) + PING);
    socket.write(LAST_PING);
    expect((await received).match(/HTTP\/1\.1 \d+/g)).toEqual([
      `HTTP/1.1 ${status}`,
      'HTTP/1.1 200',
      'HTTP/1.1 200',
    ]);
  });

  it('is not waited for: the answer comes at once', async () => {
    await using server = await serve();
    const request = `${PUT_HEAD}Content-Length: 99999999\r\n\r\n`;
    const answer = await sendRaw(request, { port: server.port });
    expect(answer?.status).toBe(413);
  });
});

describe('a body that breaks off', () => {
  it.each(['ends its side', 'resets the connection'])(
    'because the client %s is no failure, and what came stays for going on',
    async (manner) => {
      await using server = await serve();
      const location = await openSession(server);
      const { pathname } = new URL(location);
      const socket = connect(server.port, '127.0.0.1')
        .on('error', () => {})
        .resume();
      socket.write(`PATCH ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n12345`);
      const range = async () => (await fetch(location)).headers.get('range');
      await expect.poll(range).toBe('0-4');
      if (manner === 'ends its side') socket.end();
      else socket.resetAndDestroy();
      await closeOf(socket);
      const patched = await fetch(location, {
        method: 'PATCH',
        body: '678',
        headers: { 'Content-Range': '5-7' },
      });
      expect(patched.headers.get('range')).toBe('0-7');
      expect(server.failures).toEqual([]);
    },
  );

  it('stores no manifest', async () => {
    await using server = await serve();
    const request = `${PUT_HEAD}Content-Length: 1000\r\n\r\n{`;
    const answer = await sendRaw(request, { port: server.port, end: true });
    expect(answer?.status ?? 400).toBe(400);
    expect((await fetch(`${server.url}/v2/a/manifests/x`)).status).toBe(404);
    expect(server.failures).toEqual([]);
  });

  it('leaves no session of a single request', async () => {
    const ended = Promise.withResolvers<string>();
    await using server = await serve({
      decorate: (repository) => ({
        ...repository,
        name: repository.name,
        blobs: Object.assign(Object.create(repository.blobs) as typeof repository.blobs, {
          async create() {
            const writer = await repository.blobs.create();
            return {
              id: writer.id,
              startedAt: writer.startedAt,
              size: 0,
              append: writer.append.bind(writer),
              cancel: () => writer.cancel().then(() => ended.resolve('cancelled')),
              commit: async () => ended.resolve('committed'),
            };
          },
        }),
      }),
    });
    const digest = `sha256:${'0'.repeat(64)}`;
    const head = `POST /v2/a/blobs/uploads/?digest=${digest} HTTP/1.1\r\nHost: x\r\n`;
    await sendRaw(`${head}Content-Length: 1000\r\n\r\n12345`, { port: server.port, end: true });
    expect(await ended.promise).toBe('cancelled');
  });
});
