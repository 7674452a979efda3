import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connect, type TlsOptions } from 'node:tls';
import { digestOf, parseRepositoryName } from '@purser/core';
import { createMemoryRegistry, sampleBytes } from '@purser/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRequestHandler } from './create-request-handler.ts';
import { ENCRYPTED_PIECE } from './encryption.ts';
import { DECODER } from './fixtures/serve.ts';

const MEBIBYTE = 1024 * 1024;
const REPOSITORY = parseRepositoryName('a');

/** A shared key instead of a certificate. */
const TLS = {
  ciphers: 'PSK',
  maxVersion: 'TLSv1.2',
  pskCallback: () => ({ psk: Buffer.alloc(32, 1), identity: 'test' }),
} as const;
const SERVER_TLS = { ...TLS, pskCallback: () => Buffer.alloc(32, 1) } as unknown as TlsOptions;

/** Serves over TLS, and tells how many bytes wait for the client of the last request. */
async function serveTls(protocol: 'http/1.1' | 'h2') {
  const registry = createMemoryRegistry();
  const handle = createRequestHandler({ registry, decoder: DECODER, onError: () => {} });
  let waitingBytes = () => 0;
  const listener: RequestListener = (request, response) => {
    const carrier = 'stream' in response ? (response.stream as typeof response.socket) : response;
    waitingBytes = () => carrier?.writableLength ?? 0;
    handle(request, response);
  };
  const server =
    protocol === 'h2'
      ? createSecureServer(SERVER_TLS, listener as never)
      : createServer(SERVER_TLS, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { registry, port, waitingBytes: () => waitingBytes() };
}

/** Asks for a path; nothing of the answer is read until `read` is called. */
function ask(protocol: 'http/1.1' | 'h2', port: number, path: string) {
  if (protocol === 'h2') {
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      ...TLS,
      checkServerIdentity: () => undefined,
    });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': path });
    return { read: async () => Buffer.concat(await stream.toArray()) };
  }
  const socket = connect({ ...TLS, port, host: '127.0.0.1', checkServerIdentity: () => undefined });
  onTestFinished(() => void socket.destroy());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return {
    read: async () => {
      const answer = Buffer.concat(await socket.toArray());
      return answer.subarray(answer.indexOf('\r\n\r\n') + 4);
    },
  };
}

describe.each(['http/1.1', 'h2'] as const)('over TLS with %s', (protocol) => {
  it('slow readers hold one encrypted piece of a blob', async () => {
    const { registry, port, waitingBytes } = await serveTls(protocol);
    const content = sampleBytes(32 * MEBIBYTE);
    await registry.repository(REPOSITORY).blobs.put(content);
    const { read } = ask(protocol, port, `/v2/a/blobs/${digestOf(content)}`);
    const waiting = await largest(waitingBytes);
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThan(2 * ENCRYPTED_PIECE);
    expect(digestOf(await read())).toBe(digestOf(content));
  });

  it('slow readers hold one encrypted piece of a large manifest', async () => {
    const { registry, port, waitingBytes } = await serveTls(protocol);
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const annotations = { padding: 'x'.repeat(3 * MEBIBYTE) };
    const index = { schemaVersion: 2, mediaType, manifests: [], annotations };
    const manifest = DECODER.decode(Buffer.from(JSON.stringify(index)), mediaType);
    const digest = await registry.repository(REPOSITORY).manifests.put(manifest);
    const { read } = ask(protocol, port, `/v2/a/manifests/${digest}`);
    expect(await largest(waitingBytes)).toBeLessThan(4 * ENCRYPTED_PIECE);
    expect(digestOf(await read())).toBe(digest);
  });
});

async function largest(bytes: () => number): Promise<number> {
  let found = 0;
  for (let look = 0; look < 30; look++) {
    found = Math.max(found, bytes());
    await setTimeout(20);
  }
  return found;
}
