import { describe, expect, it } from 'vitest';
import { parseRepositoryName, parseTag, RegistryError } from '@purser/core';
import { createRegistryApi } from './registry-api.ts';
import { createMemoryRegistry } from '@purser/core/testing';
import Koa from 'koa';
import { envelopeOf } from './fixtures/answers.ts';
import { pushImage } from './fixtures/push-image.ts';
import { scriptedAccess } from './fixtures/scripted-access.ts';
import { DECODER, listen, serve } from './fixtures/serve.ts';
import { CONTENT, DIGEST } from './fixtures/upload-requests.ts';
import type { RepositoryResolver } from './served-repository.ts';

/** `private.example` is behind `private/`; other namespaces are unknown. */
const resolveRepository: RepositoryResolver = ({ name, namespace }) => {
  if (namespace === undefined) return { name };
  if (namespace !== 'private.example') throw new RegistryError('NAME_UNKNOWN');
  return { name: parseRepositoryName(`private/${name}`), namespace };
};

const OPEN = ['pull', 'push', 'delete'].map((action) => `repository:team/app:${action}`);

describe('authorised and served names: a repository that is found by ns', () => {
  const paths = [
    'tags/list',
    `referrers/${DIGEST}`,
    'manifests/latest',
    `blobs/${DIGEST}`,
    'blobs/uploads/',
    'blobs/uploads/0195c3e4-7a1b-4c2d-9e3f-000000000000',
  ];

  it.each(
    ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE'].flatMap((method) =>
      paths.map((path) => [method, path] as const),
    ),
  )('%s %s needs rights to the name that is served', async (method, path) => {
    await using server = await serve({
      resolveRepository,
      access: scriptedAccess({ rights: OPEN }),
    });
    await pushImage(server.repository('private/team/app'));
    await server.repository('private/team/app').blobs.put(CONTENT);
    const query = '?ns=private.example';
    const answer = await fetch(`${server.url}/v2/team/app/${path}${query}`, { method });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('oci-namespace')).toBeNull();
    if (method === 'HEAD') return;
    const [error] = await envelopeOf(answer);
    const details = error?.detail as { readonly Name: string }[];
    expect(new Set(details.map(({ Name }) => Name))).toEqual(new Set(['private/team/app']));
  });

  it('is the one that handlers, decorators and observers see', async () => {
    const seen: string[] = [];
    const application = new Koa();
    application.use(async (context, next) => {
      await next();
      seen.push(String(context.state['repository']));
    });
    const registry = createMemoryRegistry();
    application.use(
      createRegistryApi({
        registry,
        decoder: DECODER,
        resolveRepository,
        access: scriptedAccess(),
        decorate(repository) {
          seen.push(repository.name);
          return repository;
        },
      }),
    );
    const handle = application.callback();
    await using server = await listen((request, response) => void handle(request, response));
    const image = await pushImage(registry.repository(parseRepositoryName('private/team/app')));
    const url = `${server.url}/v2/team/app/manifests/latest?ns=private.example`;
    const answer = await fetch(url);
    expect(answer.headers.get('docker-content-digest')).toBe(image.digest);
    expect(answer.headers.get('oci-namespace')).toBe('private.example');
    expect(seen).toEqual(['private/team/app', 'private/team/app']);
  });

  it('takes a write for the same repository as a read', async () => {
    await using server = await serve({ resolveRepository });
    const url = `${server.url}/v2/team/app/blobs/uploads/?digest=${DIGEST}&ns=private.example`;
    const answer = await fetch(url, { method: 'POST', body: CONTENT });
    expect(answer.headers.get('location')).toBe(
      `${server.url}/v2/private/team/app/blobs/${DIGEST}`,
    );
    expect(await server.repository('private/team/app').blobs.stat(DIGEST)).toBeDefined();
    expect(await server.repository('team/app').blobs.stat(DIGEST)).toBeUndefined();
  });

  it('has further pages where the client found the first', async () => {
    await using server = await serve({ resolveRepository });
    const { digest } = await pushImage(server.repository('private/team/app'));
    const { tags } = server.repository('private/team/app');
    await tags.tag(parseTag('older'), digest);
    const first = await fetch(`${server.url}/v2/team/app/tags/list?n=1&ns=private.example`);
    expect(await first.json()).toEqual({ name: 'team/app', tags: ['latest'] });
    const [, next] = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '') ?? [];
    const second = await fetch(new URL(next ?? '', server.url));
    expect(await second.json()).toEqual({ name: 'team/app', tags: ['older'] });
  });

  it('is not asked for rights when nothing can serve it', async () => {
    const access = scriptedAccess({ rights: [] });
    await using server = await serve({ access, resolveRepository });
    const answer = await fetch(`${server.url}/v2/team/app/tags/list?ns=other.example`);
    expect(answer.status).toBe(404);
    expect(access.wanted).toEqual([]);
  });
});

describe('authorised and served names: a repository with a fallback', () => {
  const NAME = 'team/app';
  const OTHER = 'hub/team/app';
  const start = (rights: readonly string[]) => {
    const asked: string[] = [];
    const resolver: RepositoryResolver = ({ name }) => ({
      name,
      async fallback() {
        asked.push(name);
        return parseRepositoryName(OTHER);
      },
    });
    const access = scriptedAccess({ rights });
    return { asked, access, options: { access, resolveRepository: resolver } };
  };
  const pull = (...names: string[]) => names.map((name) => `repository:${name}:pull`);
  const get = (url: string, path: string, method = 'GET') =>
    fetch(`${url}/v2/${NAME}/${path}`, { method });

  it('is read as the fallback by a caller with the right to both', async () => {
    const { options } = start(pull(NAME, OTHER));
    await using server = await serve(options);
    const { digest } = await pushImage(server.repository(OTHER));
    const answer = await get(server.url, 'manifests/latest');
    expect(answer.headers.get('docker-content-digest')).toBe(digest);
  });

  it('needs the right to the fallback, and names both in the refusal', async () => {
    const { options } = start(pull(NAME));
    await using server = await serve(options);
    await pushImage(server.repository(OTHER));
    const [error] = await envelopeOf(await get(server.url, 'manifests/latest'));
    expect(error).toMatchObject({
      code: 'UNAUTHORIZED',
      detail: [{ Name: NAME }, { Name: OTHER }],
    });
  });

  it('does not tell a caller without the right to the first whether it exists', async () => {
    const { options, asked } = start(pull(OTHER));
    await using server = await serve(options);
    const [error] = await envelopeOf(await get(server.url, 'manifests/latest'));
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', detail: [{ Name: NAME }] });
    expect(asked).toEqual([]);
  });

  it.each([
    ['HEAD', `blobs/${DIGEST}`],
    ['GET', 'blobs/uploads/0195c3e4-7a1b-4c2d-9e3f-000000000000'],
    ['PUT', 'manifests/latest'],
    ['POST', 'blobs/uploads/'],
    ['DELETE', `blobs/${DIGEST}`],
  ])('does not fall back for %s %s', async (method, path) => {
    const { options, asked } = start(
      ['pull', 'push', 'delete'].map((action) => `repository:${NAME}:${action}`),
    );
    await using server = await serve(options);
    await server.repository(OTHER).blobs.put(CONTENT);
    const { status } = await get(server.url, path, method);
    expect(status).not.toBe(401);
    expect(status).not.toBe(200);
    expect(asked).toEqual([]);
  });
});
