import { parseRepositoryName } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { Http2Client } from './fixtures/http2-client.ts';
import { openRawConnection } from './fixtures/raw-connection.ts';
import { startRegistry } from './start-registry.ts';

const SCRIPT = Buffer.from('<script>alert(1)</script>');

const started = (http: Parameters<typeof startRegistry>[0] & object = {}) =>
  startRegistry({ ...http, storage: { inmemory: {} } });

async function pushScript({ registry }: Awaited<ReturnType<typeof started>>): Promise<string> {
  const { blobs } = registry.repository(parseRepositoryName('a'));
  const { digest } = await blobs.put(SCRIPT);
  return `/v2/a/blobs/${digest}`;
}

describe('content sniffing', () => {
  it.each(['GET', 'HEAD'])('is ruled out for %s of content, errors and probes', async (method) => {
    await using registry = await started();
    const paths = [
      await pushScript(registry),
      '/v2/',
      '/v2/a/manifests/x',
      '/v2/A/nothing',
      '/',
      '/readyz',
      '/nothing',
      '/%',
    ];
    for (const path of paths) {
      const { headers } = await fetch(registry.url + path, { method });
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    }
  });

  it.each(['GET', 'HEAD'])('is ruled out for %s over HTTP/2', async (method) => {
    await using registry = await started({ http: { h2c: { enabled: true } } });
    using client = await Http2Client.open(registry.url);
    for (const path of [await pushScript(registry), '/', '/nothing', '/v2/a/manifests/x']) {
      const { headers } = await client.ask(method, path);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('is ruled out for every answer of the debug server', async () => {
    const debug = { addr: '127.0.0.1:0', prometheus: { enabled: true } };
    await using registry = await started({ http: { debug } });
    for (const path of ['/metrics', '/debug/health', '/debug/vars', '/debug/pprof/', '/nothing']) {
      const { headers } = await fetch(registry.debugUrl + path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it.each([
    ['a malformed request', 'NONSENSE\r\n\r\n', 400],
    ['too many headers', `GET /v2/ HTTP/1.1\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`, 431],
    ['a request without a host', 'GET /v2/ HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    [
      'an unknown expectation',
      'GET /v2/ HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n',
      417,
    ],
  ])('is ruled out for the answer to %s', async (_, request, status) => {
    await using registry = await started();
    using connection = await openRawConnection(registry.url);
    connection.send(request);
    const answer = await connection.readToEnd();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.match(/x-content-type-options: nosniff/gi)).toHaveLength(1);
  });

  it('is ruled out for a request whose time is over', async () => {
    await using registry = await started({ http: { limits: { requesttimeout: '1s' } } });
    using connection = await openRawConnection(registry.url);
    connection.send(
      'PUT /v2/a/manifests/x HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: 9\r\n\r\n',
    );
    expect(await connection.readToEnd()).toMatch(/^HTTP\/1.1 408 .*x-content-type-options/is);
  });

  it('is said once when the configuration says it too, and as the configuration says', async () => {
    const headers = {
      'x-content-type-options': ['nosniff'],
      'content-security-policy': ['sandbox'],
    };
    await using registry = await started({ http: { headers } });
    using connection = await openRawConnection(registry.url);
    connection.send('GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const answer = await connection.readToEnd();
    expect(answer.match(/x-content-type-options: .*/gi)).toEqual([
      'x-content-type-options: nosniff',
    ]);
    expect(answer.match(/content-security-policy: .*/gi)).toEqual([
      'content-security-policy: sandbox',
    ]);
  });
});
