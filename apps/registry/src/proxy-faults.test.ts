import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseDigest, parseRepositoryName } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { startRegistry } from './start-registry.ts';

const CONTENT = randomBytes(1_000_000);
const DIGEST = parseDigest(`sha256:${createHash('sha256').update(CONTENT).digest('hex')}`);
const NAME = parseRepositoryName('team/app');

/** What an upstream does with a request for the blob. */
type Send = (response: ServerResponse, start: number) => void;

const sendAll: Send = (response, start) => void response.end(CONTENT.subarray(start));

/** Sends so much of it, and then dies. */
const cutAfter =
  (bytes: number): Send =>
  (response, start) =>
    void response.write(CONTENT.subarray(start, start + bytes), () => response.destroy());

/** Sends so much of it, and then dies for good. */
function dieAfter(bytes: number): Send {
  let isAlive = true;
  return (response, start) => {
    if (isAlive) cutAfter(bytes)(response, start);
    else response.destroy();
    isAlive = false;
  };
}

/** An upstream of one blob, and a registry that pulls it through. */
async function startBoth(send: Send) {
  const upstream = { send, asked: [] as (string | undefined)[] };
  const server = createServer((request, response) => {
    if (!request.url!.includes('/blobs/')) return void response.end('{}');
    const range = request.headers.range;
    const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    response.statusCode = range === undefined ? 200 : 206;
    response.setHeader('Content-Length', CONTENT.byteLength - start);
    response.setHeader('Docker-Content-Digest', DIGEST);
    response.setHeader('Accept-Ranges', 'bytes');
    if (range !== undefined) {
      const end = CONTENT.byteLength - 1;
      response.setHeader('Content-Range', `bytes ${start}-${end}/${CONTENT.byteLength}`);
    }
    if (request.method === 'HEAD') return void response.end();
    upstream.asked.push(range);
    upstream.send(response, start);
  });
  // All of it is in this one process, which may be busy for long.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy = await startRegistry({
    http: { addr: '127.0.0.1:0' },
    proxy: { remoteurl: `http://127.0.0.1:${port}` },
  });
  return {
    upstream,
    proxy,
    url: `${proxy.url}/v2/${NAME}/blobs/${DIGEST}`,
    async [Symbol.asyncDispose]() {
      await proxy.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Fails when the answer is an error, and when it breaks off. */
async function pull(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Whether a blob is here, of which upstream is not asked. */
async function isKept(url: string, upstream: { send: Send; asked: unknown[] }): Promise<boolean> {
  const before = upstream.asked.length;
  await pull(url);
  return upstream.asked.length === before;
}

describe('a registry whose upstream dies in the middle of a blob', () => {
  it('tells all clients, keeps nothing, and serves it when upstream is back', async () => {
    await using both = await startBoth(dieAfter(500_000));
    const { upstream, url } = both;
    const pulls = await Promise.allSettled([1, 2, 3, 4, 5].map(() => pull(url)));
    expect(pulls.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));

    upstream.send = sendAll;
    upstream.asked.length = 0;
    expect((await pull(url)).equals(CONTENT)).toBe(true);
    expect(upstream.asked).toEqual([undefined]);
    await expect.poll(() => isKept(url, upstream), { timeout: 20_000 }).toBe(true);
  }, 60_000);

  it('goes on where it ended when upstream comes back at once, and nobody notices', async () => {
    await using both = await startBoth(cutAfter(600_000));
    const { upstream, url } = both;
    const whole = await Promise.all([1, 2, 3, 4, 5].map(() => pull(url)));
    expect(whole.every((bytes) => bytes.equals(CONTENT))).toBe(true);
    const [first, ...resumed] = upstream.asked;
    expect(first).toBeUndefined();
    expect(resumed.length).toBeGreaterThan(0);
    expect(resumed.every((range) => /^bytes=[1-9]\d*-/.test(range ?? ''))).toBe(true);
  }, 60_000);

  it('never gives the last byte of wrong content, and keeps none of it', async () => {
    const wrong = Buffer.from(CONTENT);
    wrong[1000]! ^= 1;
    await using both = await startBoth(
      (response, start) => void response.end(wrong.subarray(start)),
    );
    const { upstream, url } = both;
    expect(
      await pull(url).then(
        () => 'whole',
        () => 'broken',
      ),
    ).toBe('broken');
    upstream.send = sendAll;
    expect((await pull(url)).equals(CONTENT)).toBe(true);
  }, 60_000);
});

describe('a registry that many ask for one blob', () => {
  it('fetches it exactly once for 100 clients', async () => {
    await using both = await startBoth(sendAll);
    const { upstream, url } = both;
    const digests = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const hash = createHash('sha256');
        for await (const chunk of (await fetch(url)).body!) hash.update(chunk as Uint8Array);
        return `sha256:${hash.digest('hex')}`;
      }),
    );
    expect(new Set(digests)).toEqual(new Set([DIGEST]));
    expect(upstream.asked).toEqual([undefined]);
  }, 120_000);
});
