import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { GcsDriver } from './driver.ts';

const KIBIBYTE = 1024;
const CONTENT = Buffer.alloc(16 * KIBIBYTE * KIBIBYTE, 1);

/** A service whose every object has the same content. */
async function serveContent(): Promise<string> {
  const server = createServer((_request, response) => response.end(CONTENT));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('a reader whose client is slow holds two pieces of what the network brings', async () => {
  const driver = new GcsDriver({ bucket: 'bucket', endpoint: await serveContent() });
  const reader = await driver.openReader('/file', { lend: true });
  let size = 0;
  for await (const chunk of reader) {
    size += (chunk as Buffer).byteLength;
    if (size < 1024 * KIBIBYTE) await setTimeout(20);
    expect(reader.readableLength).toBeLessThanOrEqual(128 * KIBIBYTE);
    expect((chunk as Buffer).byteLength).toBeLessThanOrEqual(128 * KIBIBYTE);
  }
  expect(size).toBe(CONTENT.byteLength);
});
