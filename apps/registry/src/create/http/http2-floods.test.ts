import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createConfig } from '../../config/load.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  GET_HEADERS,
  headerBlock,
  PREFACE,
  readFrames,
} from '../../fixtures/http2-frames.ts';
import { createSilentLogger } from '../../observe/logger.ts';
import { createHttpServer } from './http-server.ts';

const INTERNAL_ERROR = 2;
const ENHANCE_YOUR_CALM = 11;
const REFUSED_STREAM = 7;

async function startServer(handle: RequestListener = (_request, response) => response.end('ok')) {
  const config = createConfig({ http: { h2c: { enabled: true } } });
  let requests = 0;
  const counted: RequestListener = (request, response) => {
    requests++;
    handle(request, response);
  };
  const parts = { handle: counted, logger: createSilentLogger() };
  const server = await createHttpServer(config.http, parts);
  server.http.listen(0, '127.0.0.1');
  await once(server.http, 'listening');
  onTestFinished(async () => void (await server.close(0)));
  const { port } = server.http.address() as AddressInfo;
  return { port, connections: server.connections, requests: () => requests };
}

/** A client that has said that it speaks HTTP/2, and what it was told. */
async function open(port: number) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {});
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings)]));
  return { socket, frames: () => readFrames(Buffer.concat(chunks)) };
}

/** Sends as long as it is let. @returns Bytes that were sent. */
async function flood(socket: Socket, bytes: Buffer, most: number): Promise<number> {
  let sent = 0;
  while (!socket.destroyed && sent < most) {
    await new Promise((resolve) => socket.write(bytes, resolve));
    sent += bytes.length;
  }
  return sent;
}

/** The code that the server ended the connection with; it ended it in any case. */
async function endOf({ socket, frames }: Awaited<ReturnType<typeof open>>) {
  if (!socket.destroyed) await once(socket, 'close');
  return frames()
    .find(({ type }) => type === FRAME.goaway)
    ?.payload.readUInt32BE(4);
}

async function isServed(port: number): Promise<boolean> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const answer = await text(session.request({ ':path': '/' }));
  session.destroy();
  return answer === 'ok';
}

const MEBIBYTE = 1024 * 1024;

describe('a flood of HTTP/2', () => {
  it('CVE-2023-44487: streams that are opened and reset at once end the connection', async () => {
    const { port, requests } = await startServer();
    const client = await open(port);
    const code = Buffer.alloc(4);
    code.writeUInt32BE(8);
    for (let stream = 1; stream < 40_000 && !client.socket.destroyed; stream += 20) {
      const pairs = Array.from({ length: 10 }, (_, index) => {
        const id = stream + 2 * index;
        const flags = END_HEADERS | END_STREAM;
        const request = frame(FRAME.headers, { flags, stream: id, payload: GET_HEADERS });
        return Buffer.concat([request, frame(FRAME.reset, { stream: id, payload: code })]);
      });
      await new Promise((resolve) => client.socket.write(Buffer.concat(pairs), resolve));
    }
    // Node.js lets a thousand go by at once, and 33 a second after them.
    expect(await endOf(client)).toBe(INTERNAL_ERROR);
    expect(requests()).toBeLessThan(3000);
    expect(await isServed(port)).toBe(true);
  });

  it('CVE-2024-27316: headers that never end, a CONTINUATION after the other, end the connection', async () => {
    const { port, requests } = await startServer();
    const client = await open(port);
    client.socket.write(frame(FRAME.headers, { stream: 1, payload: GET_HEADERS }));
    const payload = headerBlock(Array.from({ length: 100 }, (_, i) => [`x-${i}`, 'y'.repeat(100)]));
    const continued = frame(FRAME.continuation, { stream: 1, payload });
    const sent = await flood(client.socket, continued, 64 * MEBIBYTE);
    await endOf(client);
    expect(sent).toBeLessThan(16 * MEBIBYTE);
    expect(requests()).toBe(0);
    expect(await isServed(port)).toBe(true);
  });

  it('CVE-2019-9515, CVE-2019-9512: settings and pings whose answers nobody reads end the connection', async () => {
    for (const bytes of [frame(FRAME.settings), frame(FRAME.ping, { payload: Buffer.alloc(8) })]) {
      const { port } = await startServer();
      const client = await open(port);
      client.socket.pause();
      const many = Buffer.concat(Array.from({ length: 1000 }, () => bytes));
      const sent = await flood(client.socket, many, 512 * MEBIBYTE);
      expect(sent).toBeLessThan(512 * MEBIBYTE);
      expect(await isServed(port)).toBe(true);
    }
  });

  it('of streams is answered a hundred at a time, and what is beyond is refused', async () => {
    const { port, connections } = await startServer(() => {});
    const client = await open(port);
    const flags = END_HEADERS | END_STREAM;
    for (let index = 0; index < 150; index++) {
      const stream = 2 * index + 1;
      client.socket.write(frame(FRAME.headers, { flags, stream, payload: GET_HEADERS }));
    }
    client.socket.write(frame(FRAME.ping, { payload: Buffer.alloc(8) }));
    while (!client.frames().some(({ type }) => type === FRAME.ping))
      await once(client.socket, 'data');
    const refused = client.frames().filter(({ type }) => type === FRAME.reset);
    expect(connections.running).toBe(100);
    expect(refused).toHaveLength(50);
    expect(refused[0]!.payload.readUInt32BE(0)).toBe(REFUSED_STREAM);
  });

  it('of headers is refused beyond http.limits', async () => {
    const { port, requests } = await startServer();
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    onTestFinished(() => session.destroy());
    await once(session, 'remoteSettings');
    expect(session.remoteSettings?.maxHeaderListSize).toBe(65_536);
    expect(session.remoteSettings?.maxConcurrentStreams).toBe(100);
    const { headers } = createConfig().http.limits;
    const many = Object.fromEntries(Array.from({ length: headers + 1 }, (_, i) => [`x-${i}`, 'y']));
    const stream = session.request({ ':path': '/', ...many }).on('error', () => {});
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).toBe(ENHANCE_YOUR_CALM);
    expect(requests()).toBe(0);
    expect(await isServed(port)).toBe(true);
  });
});
