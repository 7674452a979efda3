import { once } from 'node:events';
import { connect } from 'node:net';
import {
  CertificateAuthority,
  needPrograms,
  type CertificateFiles,
} from '@purser/external-programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawConnection } from '../../fixtures/raw-connection.ts';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { startRegistry } from '../../start-registry.ts';

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

const start = (limits = {}) => startRegistry({ http: { tls: certificate, limits } });

describe.skipIf(isUnmet)('a request in clear to a server of TLS', () => {
  it.each(['GET /v2/', 'DELETE /v2/a/manifests/b', 'PRI *'])('is answered: %s', async (target) => {
    await using registry = await start();
    using connection = await openRawConnection(registry.url);
    connection.send(`${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const answer = await connection.readToEnd();
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\nConnection: close\r\n/);
    expect(answer).toContain('"Client sent an HTTP request to an HTTPS server."');
  });

  it('is answered when its client sends a whole body before it reads', async () => {
    await using registry = await start();
    const socket = connect(Number(new URL(registry.url).port), '127.0.0.1').setEncoding('utf8');
    const head = 'PUT /v2/a/manifests/b HTTP/1.1\r\nHost: x\r\nContent-Length: 7000000\r\n\r\n';
    await new Promise((resolve) => socket.pause().write(head + 'x'.repeat(7_000_000), resolve));
    expect((await socket.toArray()).join('')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('does not become an answer for anything that is no HTTP', async () => {
    await using registry = await start();
    using connection = await openRawConnection(registry.url);
    connection.send('\u0080\u0000\u0001 no message of TLS');
    expect(await connection.readToEnd()).not.toContain('HTTP');
  });

  it('counts as a connection, before its first byte as well', async () => {
    await using registry = await start({ connectionsperclient: 2 });
    using _silent = await openRawConnection(registry.url);
    using answered = await openRawConnection(registry.url);
    answered.send('GET /v2/ HTTP/1.1\r\n\r\n');
    await once(answered.socket, 'data');
    // The client has not closed its half, so that the connection lingers or has just ended.
    using another = await openRawConnection(registry.url);
    using refused = await openRawConnection(registry.url);
    expect(await refused.readToEnd()).toBe('');
    another.socket.destroy();
  });

  it('has to begin within the time for headers', async () => {
    await using registry = await start({ headertimeout: '1s' });
    using connection = await openRawConnection(registry.url);
    expect(await connection.readToEnd()).toBe('');
  });
});
