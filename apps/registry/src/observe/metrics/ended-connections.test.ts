import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  headerBlock,
  PREFACE,
} from '../../fixtures/http2-frames.ts';
import { readMetrics } from '../../fixtures/read-metrics.ts';
import { startRegistry } from '../../start-registry.ts';

const LIST_TAGS = headerBlock([
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'x'],
  [':path', '/v2/a/tags/list'],
]);

/** Requests, each with a window update of 0 bytes: so many errors end the session before the requests begin. */
function brokenRequests(count: number): Buffer {
  const streams = Array.from({ length: count }, (_, index) => 2 * index + 1);
  return Buffer.concat(
    streams.flatMap((stream) => [
      frame(FRAME.headers, { flags: END_HEADERS | END_STREAM, stream, payload: LIST_TAGS }),
      frame(FRAME.windowUpdate, { stream, payload: Buffer.alloc(4) }),
    ]),
  );
}

async function sendAndWait(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  const closed = once(socket, 'close');
  socket.resume().write(bytes);
  await closed;
}

describe('CVE-2025-8671: HTTP/2 requests whose connection has ended', () => {
  it('are counted with no bytes, and do not end the process', async () => {
    await using registry = await startRegistry({
      http: {
        h2c: { enabled: true },
        debug: { addr: '127.0.0.1:0', prometheus: { enabled: true } },
      },
    });
    const port = Number(new URL(registry.url).port);
    const bytes = Buffer.concat([PREFACE, frame(FRAME.settings), brokenRequests(2000)]);
    for (let connections = 0; connections < 10; connections++) await sendAndWait(port, bytes);
    const answer = await fetch(`${registry.debugUrl}/metrics`);
    const families = readMetrics(await answer.text());
    const sizes = families.get('registry_http_response_size_bytes')?.samples ?? [];
    const sum = sizes.find(
      ({ name, labels }) => name.endsWith('_sum') && labels['handler'] === 'tags',
    );
    expect(sum?.value ?? 0).toBeGreaterThanOrEqual(0);
    const running = families.get('registry_http_in_flight_requests')?.samples ?? [];
    expect(running.filter(({ value }) => value !== 0)).toEqual([]);
  });
});
