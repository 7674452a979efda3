import { describe, expect, it } from 'vitest';
import { RegistryError, type AccessController, type RepositoryName } from '@purser/core';
import { envelopeOf, errorOf } from './fixtures/answers.ts';
import { pushImage } from './fixtures/push-image.ts';
import { scriptedAccess } from './fixtures/scripted-access.ts';
import { serve } from './fixtures/serve.ts';
import { DIGEST } from './fixtures/upload-requests.ts';

const ID = '0195c3e4-7a1b-4c2d-9e3f-000000000000';
const PATHS = ['tags/list', `referrers/${DIGEST}`, 'manifests/latest', `blobs/${DIGEST}`];
const UPLOADS = ['blobs/uploads/', `blobs/uploads/${ID}`];

describe('the rights that a request needs', () => {
  it.each([
    ...['GET', 'HEAD'].flatMap((method) =>
      [...PATHS, ...UPLOADS].map((path) => [method, path, ['pull']] as const),
    ),
    ...['PUT', 'POST', 'PATCH'].flatMap((method) =>
      [...PATHS, ...UPLOADS].map((path) => [method, path, ['pull', 'push']] as const),
    ),
    ...[...PATHS, ...UPLOADS].map((path) => ['DELETE', path, ['delete']] as const),
    ['OPTIONS', 'manifests/latest', []] as const,
  ])('%s /v2/team/app/%s: %j', async (method, path, actions) => {
    const access = scriptedAccess();
    await using server = await serve({ access });
    await fetch(`${server.url}/v2/team/app/${path}`, { method });
    expect(access.wanted[0]).toEqual(actions.map((action) => `repository:team/app:${action}`));
  });

  it('are a login alone for /v2/, and to list for the catalog', async () => {
    const access = scriptedAccess();
    await using server = await serve({ access });
    await fetch(`${server.url}/v2/`);
    await fetch(`${server.url}/v2`);
    await fetch(`${server.url}/v2/_catalog`);
    expect(access.wanted).toEqual([[], [], ['registry:catalog:*']]);
  });

  it('include the source of a mount in a challenge, so that a token server is asked for both', async () => {
    const access = scriptedAccess({ rights: [] });
    await using server = await serve({ access });
    const path = `/v2/team/app/blobs/uploads/?mount=${DIGEST}&from=other/app`;
    const needed = ['repository:team/app:pull', 'repository:team/app:push'];
    const answer = await fetch(server.url + path, { method: 'POST' });
    expect(access.wanted).toEqual([needed, [...needed, 'repository:other/app:pull']]);
    const [error] = await envelopeOf(answer);
    expect(error?.detail).toMatchObject([
      { Name: 'team/app', Action: 'pull' },
      { Name: 'team/app', Action: 'push' },
      { Name: 'other/app', Action: 'pull' },
    ]);
  });

  it('are of the repository that is used, however its path is written', async () => {
    const access = scriptedAccess({ rights: [] });
    await using server = await serve({ access });
    await fetch(`${server.url}/v2/team%2Fapp/tags/list`);
    await fetch(`${server.url}/v2/team/app/tags/list/tags/list`);
    expect(access.wanted).toEqual([
      ['repository:team/app:pull'],
      ['repository:team/app/tags/list:pull'],
    ]);
  });

  it('are not asked for to what has no name and no endpoint', async () => {
    const access = scriptedAccess({ rights: [] });
    await using server = await serve({ access });
    expect((await fetch(`${server.url}/v2/UPPER/tags/list`)).status).toBe(400);
    expect((await fetch(`${server.url}/v2/team/app/nothing`)).status).toBe(404);
    expect(access.wanted).toEqual([]);
  });
});

describe('a caller who may not', () => {
  it('is challenged, with the bytes of distribution', async () => {
    await using server = await serve({ access: scriptedAccess({ rights: [] }) });
    const response = await fetch(`${server.url}/v2/a/manifests/latest`);
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="one", Bearer realm="two"');
    expect(await response.text()).toBe(
      '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required",' +
        '"detail":[{"Type":"repository","Class":"","Name":"a","Action":"pull"}]}]}\n',
    );
  });

  it('learns that nothing but a login was wanted', async () => {
    const access = scriptedAccess();
    const stranger = {
      refusalOf: () => ({ kind: 'unauthorized', challenges: ['Basic realm="r"'] }),
    };
    access.identify = async () => stranger as never;
    await using server = await serve({ access });
    const response = await fetch(`${server.url}/v2/`);
    expect(response.status).toBe(401);
    expect(await response.text()).toBe(
      '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}\n',
    );
  });

  it('is told why, when another login would not help him', async () => {
    await using server = await serve({ access: scriptedAccess({ rights: [], denies: true }) });
    const response = await fetch(`${server.url}/v2/a/manifests/latest`, { method: 'DELETE' });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await envelopeOf(response)).toEqual([
      {
        code: 'DENIED',
        message: 'requested access to the resource is denied: the script says so',
        detail: [{ Type: 'repository', Class: '', Name: 'a', Action: 'delete' }],
      },
    ]);
  });

  it('is refused before anything is done, known method or not', async () => {
    await using server = await serve({ access: scriptedAccess({ rights: [] }) });
    const { digest } = await pushImage(server.repository('a'));
    const deletion = await fetch(`${server.url}/v2/a/manifests/${digest}`, { method: 'DELETE' });
    expect(deletion.status).toBe(401);
    expect(await server.repository('a').manifests.exists(digest)).toBe(true);
    expect((await fetch(`${server.url}/v2/a/tags/list`, { method: 'PUT' })).status).toBe(401);
  });
});

describe('an access controller', () => {
  it('that fails is a failure of the server, and lets nobody in', async () => {
    const access = {
      identify: () => Promise.reject(new RegistryError('UNAVAILABLE', { message: 'no users' })),
    };
    await using server = await serve({ access });
    expect(await errorOf(await fetch(`${server.url}/v2/`))).toEqual({
      status: 503,
      code: 'UNAVAILABLE',
    });
    expect(server.failures).toHaveLength(1);
  });

  it('is given the headers, the address of the client, and how the registry is reached', async () => {
    const access = scriptedAccess();
    await using server = await serve({ access });
    const headers = {
      authorization: 'Basic abc',
      cookie: 'session=1',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '198.51.100.1, 192.0.2.7',
    };
    await fetch(`${server.url}/v2/`, { headers });
    await fetch(`${server.url}/v2/`, { headers: { 'x-forwarded-proto': 'javascript' } });
    const host = `127.0.0.1:${server.port}`;
    expect(access.requests).toEqual([
      {
        authorization: 'Basic abc',
        headers: expect.objectContaining(headers),
        host,
        forwardedScheme: 'http',
        address: '127.0.0.1',
        forwardedAddress: '192.0.2.7',
      },
      { headers: expect.objectContaining({ host }), host, address: '127.0.0.1' },
    ]);
  });

  it('is told by a signal that the client has left', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<AbortSignal>();
    const access: AccessController = {
      async identify(_, { signal } = {}) {
        ask(signal!);
        await new Promise((resolve) => signal!.addEventListener('abort', resolve));
        throw signal!.reason;
      },
    };
    await using server = await serve({ access });
    const departure = new AbortController();
    const answer = fetch(`${server.url}/v2/`, { signal: departure.signal });
    const signal = await asked;
    expect(signal.aborted).toBe(false);
    departure.abort();
    await expect(answer).rejects.toThrow('abort');
    await expect.poll(() => signal.aborted).toBe(true);
    expect(server.failures).toEqual([]);
  });

  it.each([
    ['the verified user', 'verified'],
    ['nobody, when nobody was verified', undefined],
  ])('tells observers of %s', async (_, user) => {
    const seen: unknown[] = [];
    await using server = await serve({
      access: scriptedAccess(user === undefined ? {} : { user }),
      decorate(repository, facts) {
        seen.push(facts.user);
        return repository;
      },
    });
    const authorization = `Basic ${Buffer.from('claimed:secret').toString('base64')}`;
    await fetch(`${server.url}/v2/a/tags/list`, { headers: { authorization } });
    expect(seen).toEqual([user]);
  });
});

describe('the catalog', () => {
  const names = ['a/1', 'b/1', 'a/2', 'b/2', 'a/3', 'a/4', 'b/3'];

  it('names what the caller sees, in pages that are full', async () => {
    const sees = (name: RepositoryName) => name.startsWith('a/');
    await using server = await serve({ access: scriptedAccess({ sees }) });
    for (const name of names) await pushImage(server.repository(name));
    const first = await fetch(`${server.url}/v2/_catalog?n=2`);
    expect(await first.json()).toEqual({ repositories: ['a/1', 'a/2'] });
    expect(first.headers.get('link')).toBe('</v2/_catalog?last=a%2F2&n=2>; rel="next"');
    const second = await fetch(`${server.url}/v2/_catalog?n=2&last=a/2`);
    expect(await second.json()).toEqual({ repositories: ['a/3', 'a/4'] });
    expect(second.headers.get('link')).toBeNull();
  });

  it('names everything to who may list and has no narrower view', async () => {
    await using server = await serve({
      access: scriptedAccess({ rights: ['registry:catalog:*'] }),
    });
    for (const name of names) await pushImage(server.repository(name));
    const response = await fetch(`${server.url}/v2/_catalog`);
    expect(await response.json()).toEqual({ repositories: names.toSorted() });
  });
});

// Who could create, and not update, could move a tag.
describe('CVE-2026-31801: pushing to a tag that is there', () => {
  const rights = ['repository:a:pull', 'repository:a:push'];
  const type = 'application/vnd.oci.image.manifest.v1+json';

  async function prepare(more: readonly string[] = []) {
    const server = await serve({
      access: scriptedAccess({ rights: [...rights, ...more], denies: true }),
    });
    const old = await pushImage(server.repository('a'), { tags: ['latest'], seed: 1 });
    const next = await pushImage(server.repository('a'), { tags: [], seed: 5 });
    const put = ({ manifest }: typeof old, reference: string) =>
      fetch(`${server.url}/v2/a/manifests/${reference}`, {
        method: 'PUT',
        body: Buffer.from(manifest.payload),
        headers: { 'content-type': type },
      });
    const tagged = async () => {
      const response = await fetch(`${server.url}/v2/a/manifests/latest`, { method: 'HEAD' });
      return response.headers.get('docker-content-digest');
    };
    return { server, old, next, put, tagged };
  }

  it('needs the right to overwrite, and not only to push', async () => {
    const { server, old, next, put, tagged } = await prepare();
    await using _ = server;
    expect(await errorOf(await put(next, 'latest'))).toEqual({ status: 403, code: 'DENIED' });
    expect(await tagged()).toBe(old.digest);
  });

  it('needs it for each tag of a push by digest', async () => {
    const { server, old, next, put, tagged } = await prepare();
    await using _ = server;
    const response = await put(next, `${next.digest}?tag=new&tag=latest`);
    expect(response.status).toBe(403);
    expect(await tagged()).toBe(old.digest);
    expect((await put(next, `${next.digest}?tag=new&tag=newer`)).status).toBe(201);
  });

  it('needs no more than to push for a tag that is new, or that names the same', async () => {
    const { server, old, next, put } = await prepare();
    await using _ = server;
    expect((await put(next, 'new')).status).toBe(201);
    expect((await put(old, 'latest')).status).toBe(201);
    expect((await put(next, next.digest)).status).toBe(201);
  });

  it('lets one win of many who create a tag at once', async () => {
    const { server, put } = await prepare();
    await using _ = server;
    const images = [];
    for (let seed = 20; seed < 60; seed += 10) {
      images.push(await pushImage(server.repository('a'), { tags: [], seed }));
    }
    const answers = await Promise.all(images.map((image) => put(image, 'contested')));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual([
      '201',
      '403',
      '403',
      '403',
    ]);
  });

  it('is done by who has the right', async () => {
    const { server, next, put, tagged } = await prepare(['repository:a:overwrite']);
    await using _ = server;
    expect((await put(next, 'latest')).status).toBe(201);
    expect(await tagged()).toBe(next.digest);
  });
});
