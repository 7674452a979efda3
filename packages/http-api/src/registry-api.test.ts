import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import Koa, { type Context } from 'koa';
import { RegistryError, type Repository } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { errorOf, headersOf } from './fixtures/answers.ts';
import { pushImage } from './fixtures/push-image.ts';
import { DECODER, listen, serve } from './fixtures/serve.ts';
import type { RequestFacts } from './options.ts';
import { createRegistryApi } from './registry-api.ts';

function handlerOf(application: Koa): RequestListener {
  const handle = application.callback();
  return (request, response) => void handle(request, response);
}

const options = () => ({ registry: createMemoryRegistry(), decoder: DECODER });

describe('createRegistryApi', () => {
  it('is a named middleware', () => {
    expect(createRegistryApi(options()).name).toBe('registryApi');
  });

  it('leaves what is not below /v2 to the next middleware, untouched', async () => {
    const application = new Koa();
    application.use(createRegistryApi(options()));
    application.use((context) => {
      context.body = context.url;
    });
    await using server = await listen(handlerOf(application));
    for (const path of ['/', '/v1/', '/v20/', '/V2/', '/a/v2/', '/v2%2F', '/x?y=/v2/', '//v3/']) {
      const response = await fetch(server.url + path);
      expect(await response.text()).toBe(path);
      expect(response.headers.get('docker-distribution-api-version')).toBeNull();
    }
  });

  it('answers 404 outside /v2 as a request handler', async () => {
    await using server = await serve();
    expect((await fetch(`${server.url}/`)).status).toBe(404);
  });

  it('lies below its prefix, and only there', async () => {
    await using server = await serve({ prefix: '/registry/' });
    expect((await fetch(`${server.url}/registry/v2/`)).status).toBe(200);
    expect((await fetch(`${server.url}/v2/`)).status).toBe(404);
    expect((await fetch(`${server.url}/registry/v2/a/blobs/x/y`)).status).toBe(404);
  });

  it('tells what went wrong first, when giving back what a request held fails, too', async () => {
    const first = new RegistryError('STORAGE_FULL');
    const registry = createMemoryRegistry();
    const decorate = (repository: Repository): Repository => {
      repository.blobs.create = () => {
        throw new SuppressedError(new Error('on its way out'), first);
      };
      return repository;
    };
    await using server = await serve({ registry, decorate });
    const answer = await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    expect([answer.status, await errorOf(answer)]).toMatchObject([507, { code: 'UNAVAILABLE' }]);
    expect(server.failures).toEqual([first]);
  });

  it.each(['registry', '/a b', '/a/../b', '/a?', '//a', '/a//b'])(
    'refuses the prefix %j',
    (prefix) => {
      expect(() => createRegistryApi({ ...options(), prefix })).toThrow(TypeError);
    },
  );

  it.each([
    { headers: { 'bad name': ['x'] } },
    { headers: { 'X-Name': ['a\r\nb'] } },
    { maximumManifestSize: 0 },
    { maximumTags: 1.5 },
    { maximumCatalogEntries: -1 },
    { host: 'registry.example' },
    { host: 'ftp://registry.example/' },
  ])('refuses options that could not work: %j', (option) => {
    expect(() => createRegistryApi({ ...options(), ...option })).toThrow(TypeError);
  });

  it('adds its own and the configured headers to every answer, errors too', async () => {
    const headers = { 'X-Content-Type-Options': ['nosniff'], 'X-Twice': ['a', 'b'] };
    await using server = await serve({ headers });
    for (const path of ['/v2/', '/v2/unknown', '/v2/A/tags/list', '/v2/a/manifests/x']) {
      expect(
        headersOf(
          await fetch(server.url + path),
          'docker-distribution-api-version',
          'x-content-type-options',
          'x-twice',
        ),
      ).toEqual({
        'docker-distribution-api-version': 'registry/2.0',
        'x-content-type-options': 'nosniff',
        'x-twice': 'a, b',
      });
    }
  });

  it('answers /v2/ with an empty object, also without the last slash', async () => {
    await using server = await serve();
    for (const path of ['/v2/', '/v2']) {
      const response = await fetch(server.url + path, { redirect: 'error' });
      expect(response.status).toBe(200);
      expect(headersOf(response, 'content-type', 'content-length')).toEqual({
        'content-type': 'application/json',
        'content-length': '2',
      });
      expect(await response.text()).toBe('{}');
    }
  });

  it.each([
    ['/v2/', 'GET, HEAD'],
    ['/v2/_catalog', 'GET, HEAD'],
    ['/v2/a/tags/list', 'GET, HEAD'],
    ['/v2/a/manifests/x', 'DELETE, GET, HEAD, PUT'],
    ['/v2/a/blobs/uploads/', 'DELETE, GET, HEAD, PATCH, POST, PUT'],
    ['/v2/a/blobs/uploads/x', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['/v2/a/blobs/x', 'DELETE, GET, HEAD'],
  ])('tells the methods of %s, asked or by refusing another', async (path, allow) => {
    await using server = await serve();
    const asked = await fetch(server.url + path, { method: 'OPTIONS' });
    expect(asked.status).toBe(200);
    expect(headersOf(asked, 'allow', 'content-length')).toEqual({ allow, 'content-length': '0' });
    for (const method of ['REPORT', 'PROPFIND', allow.includes('POST') ? 'LOCK' : 'POST']) {
      const refused = await fetch(server.url + path, { method });
      expect(refused.headers.get('allow')).toBe(allow);
      expect(await errorOf(refused)).toEqual({ status: 405, code: 'UNSUPPORTED' });
    }
  });

  it('answers an unknown endpoint with 404 and a code of the OCI table', async () => {
    await using server = await serve();
    for (const path of ['/v2/x', '/v2/a/tags', '/v2/a/tags/', '/v2/a/manifests/', '/v2//x']) {
      expect(await errorOf(await fetch(server.url + path))).toEqual({
        status: 404,
        code: 'UNSUPPORTED',
      });
    }
  });

  it('routes by the end of the path, since names may contain the words of endpoints', async () => {
    await using server = await serve();
    const names = ['a/manifests', 'a/blobs/uploads', 'manifests/tags', 'tags/list/blobs', 'v2/v2'];
    for (const name of names) {
      await pushImage(server.repository(name));
      const response = await fetch(`${server.url}/v2/${name}/tags/list`);
      expect(await response.json()).toEqual({ name, tags: ['latest'] });
      expect((await fetch(`${server.url}/v2/${name}/manifests/latest`)).status).toBe(200);
    }
  });

  it('decodes a path once, slashes too', async () => {
    await using server = await serve();
    await pushImage(server.repository('a/b'));
    expect((await fetch(`${server.url}/v2/a%2Fb/manifests/l%61test`)).status).toBe(200);
    expect(await errorOf(await fetch(`${server.url}/v2/a%252Fb/manifests/latest`))).toEqual({
      status: 400,
      code: 'NAME_INVALID',
    });
  });

  it('hands the repository of each request to decorate, with who asks', async () => {
    const seen: RequestFacts[] = [];
    const decorate = (repository: Repository, facts: RequestFacts) => {
      seen.push(facts);
      return repository;
    };
    const application = new Koa();
    application.use((context, next) => {
      context.state['requestId'] = 'id-1';
      return next();
    });
    application.use(createRegistryApi({ ...options(), decorate }));
    await using server = await listen(handlerOf(application));
    await fetch(`${server.url}/v2/a/manifests/x`, {
      headers: { 'User-Agent': 'docker/27', Authorization: `Basic ${btoa('alice:x')}` },
    });
    expect(seen).toEqual([
      {
        method: 'GET',
        host: new URL(server.url).host,
        address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        baseUrl: server.url,
        user: 'alice',
        userAgent: 'docker/27',
        id: 'id-1',
        answer: { warn: expect.any(Function) },
      },
    ]);
    await fetch(`${server.url}/v2/`);
    await fetch(`${server.url}/v2/INVALID/manifests/x`);
    expect(seen).toHaveLength(1);
  });

  it('lets decorate add to the answer', async () => {
    const decorate = (repository: Repository, { answer }: RequestFacts) => {
      answer.warn('docker.io is "down"');
      return repository;
    };
    const application = new Koa();
    application.use(createRegistryApi({ ...options(), decorate }));
    await using server = await listen(handlerOf(application));
    const { headers } = await fetch(`${server.url}/v2/a/manifests/x`);
    expect(headers.get('Warning')).toBe('299 - "docker.io is \\"down\\""');
  });

  it('tells where things are below the path it is mounted at', async () => {
    const application = new Koa();
    application.use((context: Context, next) => {
      context.path = context.path.replace(/^\/mounted/, '');
      return next();
    });
    application.use(createRegistryApi({ ...options(), prefix: '/registry', relativeUrls: true }));
    await using server = await listen(handlerOf(application));
    const response = await fetch(`${server.url}/mounted/registry/v2/a/blobs/uploads/`, {
      method: 'POST',
    });
    expect(response.headers.get('location')).toMatch(
      /^\/mounted\/registry\/v2\/a\/blobs\/uploads\//,
    );
  });
});

describe('headers', () => {
  it('answers with its own content type, or with none, when another is configured', async () => {
    await using server = await serve({ headers: { 'Content-Type': ['text/plain'] } });
    const upload = await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    expect([upload.status, upload.headers.get('content-type')]).toEqual([202, null]);
    const root = await fetch(`${server.url}/v2/`);
    expect([root.status, root.headers.get('content-type')]).toEqual([200, 'application/json']);
  });
});

describe('onRoute', () => {
  it('tells of the endpoint of a request, before it is answered, and of nothing for other paths', async () => {
    const told: unknown[] = [];
    await using server = await serve({
      onRoute: (route, { method, res }) => told.push([route, method, res.headersSent]),
    });
    for (const path of ['/v2/', '/v2/a/blobs/uploads/x', '/v2/A/tags/list', '/v2/unknown', '/x']) {
      await fetch(server.url + path);
    }
    await fetch(`${server.url}/v2/a/manifests/b`, { method: 'POST' });
    expect(told).toEqual([
      ['base', 'GET', false],
      ['upload', 'GET', false],
      ['tags', 'GET', false],
      ['manifest', 'POST', false],
    ]);
  });
});
