import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Http2Client } from './fixtures/http2-client.ts';
import { openRawConnection } from './fixtures/raw-connection.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { createConfig, createLogger, startRegistry, type RunningRegistry } from './index.ts';

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const OWN = 'edge-17/42';

function recordLog() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger(createConfig({ log: { formatter: 'json' } }).log, { write });
  return { lines, logger };
}

describe('X-Request-Id', { timeout: 60_000 }, () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startRegistry({
      http: { h2c: { enabled: true }, limits: { urllength: 1024, headersize: 16_384 } },
    });
  });
  afterAll(() => registry.close());

  const raw = async (text: string) => {
    using connection = await openRawConnection(registry.url);
    connection.send(text);
    return await connection.readToEnd();
  };

  it.each([
    ['an answer', 200, '/v2/'],
    ['a probe', 200, '/livez'],
    ['a path beside the API', 404, '/nowhere'],
    ['a repository that is unknown', 404, '/v2/a/tags/list'],
    ['a URL that is too long', 414, `/v2/?x=${'x'.repeat(2000)}`],
  ])('is in %s (%i), over HTTP/1.1 and HTTP/2', async (_, status, path) => {
    const fresh = await fetch(registry.url + path);
    expect(fresh.status).toBe(status);
    expect(fresh.headers.get('x-request-id')).toMatch(UUID);
    const kept = await fetch(registry.url + path, { headers: { 'X-Request-Id': OWN } });
    expect(kept.headers.get('x-request-id')).toBe(OWN);
    using client = await Http2Client.open(registry.url);
    const own = await client.ask('GET', path, { 'x-request-id': OWN });
    expect([own.status, own.headers['x-request-id']]).toEqual([status, OWN]);
    const other = await client.ask('GET', path, { 'x-request-id': 'two words' });
    expect(other.headers['x-request-id']).toMatch(UUID);
  });

  it.each([
    ['what is no request', 400, 'nonsense\r\n\r\n'],
    ['too many headers', 431, `GET /v2/ HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
    [
      'what Node.js refuses by itself',
      417,
      'GET /v2/ HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nConnection: close\r\n\r\n',
    ],
  ])('is in the answer to %s (%i)', async (_, status, text) => {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(new RegExp(`\\r\\nX-Request-Id: ${UUID.source}\\r\\n`, 'i'));
  });

  it('is in the details and in the log line of a failure', async () => {
    await using directory = await createTemporaryDirectory();
    const { lines, logger } = recordLog();
    const storage = { filesystem: { rootdirectory: directory.path } };
    await using failing = await startRegistry({ storage, logger });
    await rm(join(directory.path, 'docker'), { recursive: true, force: true });
    await writeFile(join(directory.path, 'docker'), 'not a directory');
    const url = `${failing.url}/v2/image/blobs/uploads/`;
    const response = await fetch(url, { method: 'POST', headers: { 'X-Request-Id': OWN } });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ errors: [{ detail: { requestId: OWN } }] });
    await failing.close();
    expect(lines.filter((line) => line['http.request.id'] === OWN)).toEqual([
      expect.objectContaining({ level: 'error', 'err.message': expect.any(String) }),
    ]);
  });

  it('is in the details of no mistake of a client', async () => {
    const { errors } = (await (await fetch(`${registry.url}/v2/a/tags/list`)).json()) as {
      readonly errors: readonly unknown[];
    };
    expect(JSON.stringify(errors)).not.toContain('requestId');
  });

  it('is the id of the request in events', async () => {
    const { promise: received, resolve } = Promise.withResolvers<unknown>();
    const endpoint = createServer((request, response) => {
      void json(request).then(resolve);
      response.end();
    }).listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    const { port } = endpoint.address() as AddressInfo;
    const endpoints = [{ name: 'ci', url: `http://127.0.0.1:${port}` }];
    await using telling = await startRegistry({ notifications: { endpoints } });
    const digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const url = `${telling.url}/v2/image/blobs/uploads/?digest=${digest}`;
    await fetch(url, { method: 'POST', headers: { 'X-Request-Id': OWN } });
    expect(await received).toMatchObject({ events: [{ request: { id: OWN } }] });
    endpoint.close().closeAllConnections();
  });
});

describe('planned maintenance', { timeout: 60_000 }, () => {
  it('is no failure in the log, and counted apart from failures', async () => {
    const { lines, logger } = recordLog();
    await using registry = await startRegistry({
      logger,
      storage: { inmemory: {}, maintenance: { readonly: { enabled: true, retryafter: '1m' } } },
      http: { debug: { addr: '127.0.0.1:0', prometheus: { enabled: true } } },
    });
    const push = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    expect([push.status, push.headers.get('retry-after')]).toEqual([503, '60']);
    const metrics = await (await fetch(`${registry.debugUrl}/metrics`)).text();
    expect(metrics).toContain('\npurser_http_planned_refusals_total 1\n');
    expect(metrics).toMatch(/registry_http_requests_total\{[^}]*code="503"[^}]*\} 1\n/);
    await registry.close();
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
