import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  CertificateAuthority,
  needPrograms,
  type CertificateFiles,
} from '@purser/external-programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../config/schema.ts';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { startRegistry } from '../../start-registry.ts';
import { LingeringConnections } from './lingering.ts';

type LimitsInput = NonNullable<NonNullable<ConfigInput['http']>['limits']>;

const { isUnmet } = needPrograms('openssl');
let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let certificate: CertificateFiles;

beforeAll(async () => {
  if (isUnmet) return;
  directory = await createTemporaryDirectory();
  const authority = await CertificateAuthority.create(directory.path);
  certificate = await authority.issue({ name: 'server', usage: 'serverAuth' });
});
afterAll(() => directory?.[Symbol.asyncDispose]());

const inClear = (limits: LimitsInput = {}) => startRegistry({ http: { limits } });
const overTls = (limits: LimitsInput = {}) => startRegistry({ http: { tls: certificate, limits } });

async function open(url: string): Promise<Socket> {
  const { port, protocol } = new URL(url);
  const isClear = protocol === 'http:';
  const socket = isClear
    ? connect(Number(port), '127.0.0.1')
    : connectTls({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, isClear ? 'connect' : 'secureConnect');
  return socket.setEncoding('latin1');
}

/** More than the systems of both ends hold, and less than the server reads. */
const BODY_SIZE = 7_000_000;

/** Sends everything before it reads anything, as a proxy may. */
async function exchange(url: string, ...parts: readonly string[]): Promise<string> {
  const socket = (await open(url)).pause();
  try {
    for (const part of parts) {
      await new Promise<void>((resolve, reject) =>
        socket.write(part, 'latin1', (error) => (error ? reject(error) : resolve())),
      );
    }
    return (await socket.toArray()).join('');
  } finally {
    socket.destroy();
  }
}

const body = 'x'.repeat(BODY_SIZE);
const headOf = (target: string, version: string) =>
  `${target} HTTP/${version}\r\nHost: x\r\nConnection: close\r\nContent-Length: ${BODY_SIZE}\r\n\r\n`;
const UNKNOWN_UPLOAD = 'PATCH /v2/a/blobs/uploads/0d6f1e6e-0000-4000-8000-000000000000';

const TRANSPORTS: readonly (readonly [string, typeof inClear])[] = [
  ['in clear', inClear],
  ...(isUnmet ? [] : [['over TLS', overTls] as const]),
];

describe.each(TRANSPORTS)(
  'a client that sends a whole body before it reads, %s',
  (_title, start) => {
    it.each(['1.0', '1.1'])('reads why it is refused in HTTP/%s', async (version) => {
      await using registry = await start();
      for (const target of [UNKNOWN_UPLOAD, 'PUT /elsewhere', 'PUT /v2/a/manifests/b']) {
        const answer = await exchange(registry.url, headOf(target, version), body);
        expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      }
    });

    it('reads that its request is malformed', async () => {
      await using registry = await start();
      const head = 'GET /v2/ HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n';
      expect(await exchange(registry.url, head, body)).toMatch(/^HTTP\/1\.1 400 /);
    });

    it('reads that its headers are too large', async () => {
      await using registry = await start();
      const head = `GET /v2/ HTTP/1.1\r\nHost: x\r\nX: ${body}`;
      expect(await exchange(registry.url, head)).toMatch(/^HTTP\/1\.1 431 /);
    });

    it('reads that it was too slow, and its request ends', async () => {
      await using registry = await start({ requesttimeout: '1s' });
      const socket = (await open(registry.url)).pause();
      socket.write('PUT /v2/a/manifests/b HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n');
      await once(socket, 'readable');
      await new Promise<void>((resolve, reject) =>
        socket.write(body, (error) => (error ? reject(error) : resolve())),
      );
      expect((await socket.toArray()).join('')).toMatch(/^HTTP\/1\.1 408 /);
    });
  },
);

describe('lingering connections, whose clients send on after the answer', () => {
  it('make no request of what comes', async () => {
    await using registry = await startRegistry({ storage: { delete: { enabled: true } } });
    const push = 'POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n';
    const head = headOf(UNKNOWN_UPLOAD, '1.1');
    const answer = await exchange(registry.url, head, body, push);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404']);
  });

  it('hold no place', async () => {
    await using registry = await inClear({ transfers: 1, requests: 1, queue: 0 });
    const socket = await open(registry.url);
    socket.write(headOf(UNKNOWN_UPLOAD, '1.1'));
    await once(socket.resume(), 'end');
    const upload = () => fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    expect((await upload()).status).toBe(202);
    socket.destroy();
  });

  it('are read to 8 MiB', async () => {
    const lingering = new LingeringConnections();
    await using server = createServer((socket) => {
      socket.on('error', () => {});
      lingering.end(socket);
      socket.once('close', () => bytesRead.resolve(socket.bytesRead));
    }).listen(0, '127.0.0.1');
    const bytesRead = Promise.withResolvers<number>();
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = await open(`http://127.0.0.1:${port}`);
    client.on('error', () => {}).write(Buffer.alloc(64 * 1024 * 1024));
    const bytes = await bytesRead.promise;
    expect(bytes).toBeGreaterThan(8 * 1024 * 1024);
    expect(bytes).toBeLessThan(16 * 1024 * 1024);
    client.destroy();
  });

  it('end at once beyond a thousand', async () => {
    const lingering = new LingeringConnections();
    const accepted: Socket[] = [];
    await using server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(socket);
      lingering.end(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const clients: Socket[] = [];
    const connectOne = async () => {
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      clients.push(client.on('error', () => {}).resume());
      await once(client, 'end');
    };
    while (clients.length < 1_000) await connectOne();
    expect(accepted.some(({ destroyed }) => destroyed)).toBe(false);
    await connectOne();
    expect(accepted.map(({ destroyed }) => destroyed).indexOf(true)).toBe(1_000);
    for (const client of clients) client.destroy();
  });
});
