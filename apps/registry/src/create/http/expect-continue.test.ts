import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  END_HEADERS,
  FRAME,
  frame,
  headerBlock,
  PREFACE,
  readFrames,
} from '../../fixtures/http2-frames.ts';
import { startRegistry } from '../../start-registry.ts';

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
    // The other stream is told to go on.
    await expect
      .poll(() => frames().some(({ type, stream }) => type === FRAME.headers && stream === 3))
      .toBe(true);
    socket.destroy();
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
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
