import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Forwarder } from '@purser/registry-under-test';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startReverseProxy, type ReverseProxyOptions } from './reverse-proxy.ts';

describe('startReverseProxy', () => {
  let folder: string;
  let socketPath: string;
  let registry: Server | undefined;
  let proxy: Forwarder;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reverse-proxy-'));
    socketPath = join(folder, 'registry.sock');
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    registry?.closeAllConnections();
    registry?.close();
    registry = undefined;
    await rm(folder, { recursive: true });
  });

  async function start(
    listener: RequestListener,
    options: Omit<ReverseProxyOptions, 'socketPath'> = {},
  ): Promise<string> {
    registry = createServer(listener).listen(socketPath);
    await once(registry, 'listening');
    proxy = await startReverseProxy({ socketPath, ...options });
    return `http://127.0.0.1:${proxy.port}`;
  }

  const tellHeaders: RequestListener = (request, response) => {
    response.end(JSON.stringify({ url: request.url, ...request.headers }));
  };

  it('hands on method, content, status, headers and answer', async () => {
    const origin = await start((request, response) => {
      response.writeHead(201, { 'OCI-Tag': ['a', 'b'], 'X-Method': request.method });
      request.pipe(response);
    });
    const answer = await fetch(`${origin}/v2/`, { method: 'PUT', body: 'content' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('oci-tag')).toBe('a, b');
    expect(answer.headers.get('x-method')).toBe('PUT');
    expect(await answer.text()).toBe('content');
  });

  it('hides the host that the client named', async () => {
    const origin = await start(tellHeaders);
    const seen = await (await fetch(`${origin}/v2/`)).json();
    expect(seen).toMatchObject({ url: '/v2/', host: 'registry.invalid' });
    expect(seen).not.toHaveProperty('x-forwarded-host');
  });

  it('tells the host that the client named when it is to', async () => {
    const origin = await start(tellHeaders, { forwards: true });
    expect(await (await fetch(`${origin}/v2/`)).json()).toMatchObject({
      host: 'registry.invalid',
      'x-forwarded-host': `127.0.0.1:${proxy.port}`,
      'x-forwarded-proto': 'http',
    });
  });

  it('puts a prefix before the path, and leaves answers as they are', async () => {
    const origin = await start(
      (request, response) => response.setHeader('Location', request.url ?? '').end(),
      { prefix: '/registry' },
    );
    const answer = await fetch(`${origin}/v2/a/tags/list?n=1`);
    expect(answer.headers.get('location')).toBe('/registry/v2/a/tags/list?n=1');
  });

  it.each([
    ['location', 'http://host:1/registry/v2/a?b=/registry/', 'http://host:1/v2/a?b=/registry/'],
    ['location', '/registry/v2/a', '/v2/a'],
    ['link', '</registry/v2/a/tags/list?n=1>; rel="next"', '</v2/a/tags/list?n=1>; rel="next"'],
  ])('takes the prefix out of a %s when it is to', async (name, given, expected) => {
    const origin = await start((_, response) => response.setHeader(name, given).end(), {
      prefix: '/registry',
      mapsAnswers: true,
    });
    expect((await fetch(`${origin}/v2/`)).headers.get(name)).toBe(expected);
  });

  it('answers 502 when a URL lacks the prefix, so that it is not taken for right', async () => {
    const origin = await start((_, response) => response.setHeader('Location', '/v2/a').end(), {
      prefix: '/registry',
      mapsAnswers: true,
    });
    const answer = await fetch(`${origin}/v2/`);
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain('the registry names /v2/a, not /registry/…');
  });

  it('answers 502 while there is no registry', async () => {
    proxy = await startReverseProxy({ socketPath });
    expect((await fetch(`http://127.0.0.1:${proxy.port}/v2/`)).status).toBe(502);
  });
});
