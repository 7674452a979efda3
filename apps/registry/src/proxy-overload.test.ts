import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { digestOf, type Digest } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { startRegistry } from './start-registry.ts';

/** The client of an upstream has so many connections for blobs. */
const CONNECTIONS = 16;

const SIZE = 8 * 1024 * 1024;
const TAGS = JSON.stringify({ name: 'team/app', tags: ['a'] });
const CONTENT = sampleBytes(100_000);

/** An upstream that sends the first bytes of a large blob and then no more, and a registry that pulls it through. */
async function startBoth() {
  const open = new Set<ServerResponse>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url!;
    if (!path.includes('/blobs/')) return void response.end(TAGS);
    asked.push(path);
    if (path.endsWith(digestOf(CONTENT))) {
      response.setHeader('Content-Length', CONTENT.byteLength);
      return void response.end(CONTENT);
    }
    open.add(response);
    response.once('close', () => open.delete(response));
    response.setHeader('Content-Length', SIZE);
    response.write(Buffer.alloc(1000));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy = await startRegistry({
    http: { addr: '127.0.0.1:0' },
    proxy: { remoteurl: `http://127.0.0.1:${port}` },
  });
  return {
    open,
    asked,
    url: `${proxy.url}/v2/team/app`,
    async [Symbol.asyncDispose]() {
      await proxy.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Asks for blobs of the upstream, and reads none of them to its end. */
function pull(url: string, digests: readonly Digest[], signal: AbortSignal) {
  return digests.map((digest) => fetch(`${url}/blobs/${digest}`, { signal }).catch(() => {}));
}

const digestsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => digestOf(Buffer.of(index)));

describe('a registry whose upstream is slow (abandoned pulls)', () => {
  it('frees connections to it when clients leave, and begins no fetch for those that have left', async () => {
    await using both = await startBoth();
    const { open, asked, url } = both;
    const clients = new AbortController();
    const pulls = pull(url, digestsOf(2 * CONNECTIONS), clients.signal);
    await expect.poll(() => open.size, { timeout: 10_000 }).toBe(CONNECTIONS);
    // The others are in the registry by now, and wait for a connection.
    await wait(1000);
    clients.abort();
    await Promise.all(pulls);
    await expect.poll(() => open.size, { timeout: 5000 }).toBeLessThanOrEqual(4);

    const answer = await fetch(`${url}/blobs/${digestOf(CONTENT)}`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(CONTENT)).toBe(true);
    expect(asked).toHaveLength(CONNECTIONS + 1);
  }, 30_000);

  it('answers for tags while every connection for blobs is taken', async () => {
    await using both = await startBoth();
    const { open, url } = both;
    const clients = new AbortController();
    const pulls = pull(url, digestsOf(CONNECTIONS), clients.signal);
    await expect.poll(() => open.size, { timeout: 10_000 }).toBe(CONNECTIONS);
    const answer = await fetch(`${url}/tags/list`);
    expect(await answer.json()).toMatchObject({ tags: ['a'] });
    clients.abort();
    await Promise.all(pulls);
  }, 30_000);
});
