import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { Http2Client } from './fixtures/http2-client.ts';
import { PurserProcess } from './fixtures/purser-process.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';

const MEBIBYTE = 1024 * 1024;
const BLOB = sampleBytes(32 * MEBIBYTE);
const PATH = `/v2/a/blobs/${digestOf(BLOB)}`;

const isLinux = process.platform === 'linux';
const note = isLinux
  ? ''
  : ' (skipped: the memory of a process is read from /proc, which only Linux has)';

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
}

async function pull(url: string): Promise<string> {
  const response = await fetch(`${url}${PATH}`);
  return digestOf(new Uint8Array(await response.arrayBuffer()));
}

/** Asks for the blob on connections of HTTP/1.1, and reads the beginning of each answer. */
async function startHttp1Readers(url: string, count: number): Promise<Disposable> {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname));
  await Promise.all(
    sockets.map(async (socket) => {
      socket.on('error', () => {});
      socket.write(`GET ${PATH} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await once(socket, 'readable');
    }),
  );
  return { [Symbol.dispose]: () => sockets.forEach((socket) => socket.destroy()) };
}

/** Asks for the blob on streams of HTTP/2, and reads the headers of each answer. */
async function startHttp2Readers(url: string, count: number): Promise<Disposable> {
  const client = await Http2Client.open(url);
  const streams = Array.from({ length: count }, () =>
    client.begin('GET', PATH).on('error', () => {}),
  );
  await Promise.all(streams.map((stream) => once(stream, 'response')));
  return client;
}

describe.skipIf(!isLinux)(`memory of slow readers${note}`, () => {
  it('300 slow readers of a blob take less than 120 MiB, and others are served meanwhile', async () => {
    await using directory = await createTemporaryDirectory();
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: {
        REGISTRY_HTTP_ADDR: '127.0.0.1:0',
        REGISTRY_HTTP_H2C_ENABLED: 'true',
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: directory.path,
      },
    });
    const [, url = ''] = await purser.until(/(http:\/\/[\d.:]+)/);
    const upload = `${url}/v2/a/blobs/uploads/?digest=${digestOf(BLOB)}`;
    expect((await fetch(upload, { method: 'POST', body: BLOB })).status).toBe(201);
    expect(await pull(url)).toBe(digestOf(BLOB));
    const before = await residentBytes(purser.pid);
    using _first = await startHttp2Readers(url, 100);
    using _second = await startHttp2Readers(url, 100);
    using _third = await startHttp1Readers(url, 100);
    await setTimeout(2_000);
    expect((await residentBytes(purser.pid)) - before).toBeLessThan(120 * MEBIBYTE);
    expect(await pull(url)).toBe(digestOf(BLOB));
  }, 60_000);
});
