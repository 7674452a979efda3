import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  END_HEADERS,
  FRAME,
  frame,
  headerBlock,
  PREFACE,
  readFrames,
} from '../../fixtures/http2-frames.ts';
import { createConfig } from '../../config/load.ts';
import { createSilentLogger } from '../../observe/logger.ts';
import { startRegistry } from '../../start-registry.ts';
import { createHttpServer } from './http-server.ts';

const PUSH = headerBlock([
  [':method', 'PUT'],
  [':scheme', 'http'],
  [':authority', 'x'],
  [':path', '/v2/a/manifests/b'],
  ['expect', '100-continue'],
]);
const PING_ACKNOWLEDGED = 1;

function push(stream: number): Buffer {
  return frame(FRAME.headers, { flags: END_HEADERS, stream, payload: PUSH });
}

async function open(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings)]));
  return socket;
}

describe('streams that end first: expect: 100-continue in HTTP/2', () => {
  it('from a stream that is reset at once ends nothing else', async () => {
    await using registry = await startRegistry({ http: { h2c: { enabled: true } } });
    const socket = await open(registry.url);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const reset = frame(FRAME.reset, { stream: 1, payload: Buffer.from([0, 0, 0, 8]) });
    const ping = frame(FRAME.ping, { payload: Buffer.alloc(8) });
    socket.write(Buffer.concat([push(1), reset, push(3), ping]));
    const frames = () => readFrames(Buffer.concat(chunks));
    await expect
      .poll(() =>
        frames().some(({ type, flags }) => type === FRAME.ping && flags === PING_ACKNOWLEDGED),
      )
      .toBe(true);
    // The other stream gets 100 Continue.
    await expect
      .poll(() => frames().some(({ type, stream }) => type === FRAME.headers && stream === 3))
      .toBe(true);
    socket.destroy();
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
  });

  it('from a stream that is reset at once begins no request', async () => {
    const { http } = createConfig({ http: { h2c: { enabled: true } } });
    const paths: (string | undefined)[] = [];
    const server = await createHttpServer(http, {
      handle: (request, response) => {
        paths.push(request.url);
        response.end();
      },
      logger: createSilentLogger(),
    });
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
    const { port } = server.http.address() as AddressInfo;
    const socket = await open(`http://127.0.0.1:${port}`);
    const reset = frame(FRAME.reset, { stream: 1, payload: Buffer.from([0, 0, 0, 8]) });
    socket.write(Buffer.concat([push(1), reset]));
    expect((await fetch(`http://127.0.0.1:${port}/last`)).status).toBe(200);
    expect(paths).toEqual(['/last']);
    socket.destroy();
    await server.close(0);
  });

  it('from a client that leaves at once ends nothing', async () => {
    await using registry = await startRegistry({ http: { h2c: { enabled: true } } });
    for (let clients = 0; clients < 20; clients++) {
      const socket = await open(registry.url);
      socket.write(push(1), () => socket.resetAndDestroy());
      await once(socket, 'close');
    }
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
  });
});
