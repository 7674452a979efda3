import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { PurserProcess } from './fixtures/purser-process.ts';

/** A collector that keeps what it is sent. */
async function startCollector() {
  const received: { path: string; type: string; body: Buffer }[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      received.push({ path: request.url!, type: request.headers['content-type']!, body });
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => server.close().closeAllConnections();
  return { url: `http://127.0.0.1:${port}`, received, [Symbol.dispose]: close };
}

const LONG = { timeout: 60_000 };
const TRACE = '0af7651916cd43dd8448eb211c80319c';

async function serveAndAsk(environment: Readonly<Record<string, string>>): Promise<PurserProcess> {
  await using directory = await createTemporaryDirectory();
  await using purser = new PurserProcess(['serve'], {
    cwd: directory.path,
    environment: {
      REGISTRY_HTTP_ADDR: '127.0.0.1:0',
      REGISTRY_STORAGE: 'inmemory',
      REGISTRY_LOG_LEVEL: 'info',
      ...environment,
    },
  });
  const [, url] = await purser.until(/listening on (http:\/\/[\d.:]+)/);
  const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
  await fetch(`${url}/v2/some/image/manifests/latest`, { headers });
  await fetch(`${url}/livez`);
  purser.signal('SIGTERM');
  await purser.exitStatus;
  return purser;
}

describe('tracing', LONG, () => {
  it('sends spans of requests and of storage, in the trace of the client, to the endpoint named', async () => {
    using collector = await startCollector();
    await serveAndAsk({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'registry-of-the-test',
    });
    expect(collector.received.length).toBeGreaterThan(0);
    expect(collector.received[0]).toMatchObject({
      path: '/v1/traces',
      type: 'application/x-protobuf',
    });
    const sent = Buffer.concat(collector.received.map(({ body }) => body));
    // What is text in a protocol buffer stands there as it is.
    for (const text of [
      'registry-of-the-test',
      'GET /v2/:name/manifests/:reference',
      'memory.GetContent',
      '/docker/registry/v2/repositories/some/image/_manifests/tags/latest/current/link',
    ]) {
      expect(sent.includes(text)).toBe(true);
    }
    expect(sent.includes(Buffer.from(TRACE, 'hex'))).toBe(true);
    expect(sent.includes('livez')).toBe(false);
  });

  it('sends nothing to nobody when no exporter is named', async () => {
    using collector = await startCollector();
    const purser = await serveAndAsk({ OTEL_SERVICE_NAME: 'registry-of-the-test' });
    expect(purser.errors).not.toContain('traced');
    expect(collector.received).toEqual([]);
  });

  it('refuses to start with an exporter that it does not have', async () => {
    await using directory = await createTemporaryDirectory();
    await using purser = new PurserProcess(['serve'], {
      cwd: directory.path,
      environment: { REGISTRY_HTTP_ADDR: '127.0.0.1:0', OTEL_TRACES_EXPORTER: 'zipkin' },
    });
    await purser.until('OTEL_TRACES_EXPORTER: expected otlp, console or none, found zipkin');
    expect(await purser.exitStatus).toBe(1);
  });
});
