import { once } from 'node:events';
import { createServer as createHttp2Server, connect as connectHttp2 } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import { createMemoryRegistry } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { createRequestHandler } from './create-request-handler.ts';
import { readAnswer } from './fixtures/raw-request.ts';
import { DECODER, serve, type TestRegistry } from './fixtures/serve.ts';

const PIECES = 30_000;

function inChunks(size: number, count: number): string {
  return `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`.repeat(count);
}

/** Sends a body in chunks, without its end. */
async function send(server: TestRegistry, request: string, chunks: string) {
  const socket = connect(server.port, '127.0.0.1');
  const answer = readAnswer(socket);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`${request} HTTP/1.1\r\nHost: x\r\nContent-Type: x/y\r\n`);
  socket.write(`Transfer-Encoding: chunked\r\n\r\n${chunks}`);
  return { answer: await answer, closed, socket };
}

async function openSession({ url }: TestRegistry): Promise<string> {
  const response = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' });
  return new URL(response.headers.get('location')!).pathname;
}

describe('tiny pieces: a body of one byte a chunk', () => {
  it('is refused as a manifest, and the connection ends', async () => {
    await using server = await serve();
    const { answer, closed } = await send(server, 'PUT /v2/a/manifests/x', inChunks(1, PIECES));
    expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('tiny pieces') });
    await closed;
  });

  it('is refused as a blob, and the connection ends', async () => {
    await using server = await serve();
    const session = await openSession(server);
    const { answer, closed } = await send(server, `PATCH ${session}`, inChunks(1, PIECES));
    expect(answer?.status).toBe(400);
    await closed;
  });

  it('is not drained after a refusal: the connection ends', async () => {
    await using server = await serve();
    const { answer, closed } = await send(server, 'PUT /v2/a/unknown', inChunks(1, PIECES));
    expect(answer?.status).toBe(404);
    await closed;
  });

  it('is taken while it is short', async () => {
    await using server = await serve();
    const session = await openSession(server);
    const { answer, socket } = await send(
      server,
      `PATCH ${session}`,
      `${inChunks(1, 5000)}0\r\n\r\n`,
    );
    expect(answer?.status).toBe(202);
    socket.destroy();
  });

  it('is refused in frames of HTTP/2 as well', async () => {
    const handle = createRequestHandler({
      registry: createMemoryRegistry(),
      decoder: DECODER,
      onError: () => {},
    });
    const server = createHttp2Server(handle as never).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = session.request({ ':method': 'PUT', ':path': '/v2/a/manifests/x' });
    stream.on('error', () => {});
    let status: number | undefined;
    stream.once('response', (headers) => {
      status = headers[':status'];
    });
    // Without the wait, several writes would be one frame.
    for (let count = 0; count < PIECES && status === undefined; count++) {
      await new Promise((resolve) => stream.write('x', resolve));
    }
    expect(status).toBe(400);
    session.destroy();
    server.close();
  }, 30_000);
});

describe('a body in larger chunks', () => {
  it('is taken, however many there are', async () => {
    await using server = await serve();
    const session = await openSession(server);
    const body = `${inChunks(32, PIECES)}0\r\n\r\n`;
    const { answer, socket } = await send(server, `PATCH ${session}`, body);
    expect(answer?.status).toBe(202);
    expect(answer?.headers.get('range')).toBe(`0-${32 * PIECES - 1}`);
    socket.destroy();
  });
});
