import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { digestOf, type Digest } from '@purser/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { combinations } from './fixtures/combinations.ts';
import {
  CALLERS,
  isPulledThrough,
  may,
  METHODS,
  refusalOf,
  servedName,
  type Caller,
  type Kind,
} from './fixtures/rights-model.ts';
import {
  digestOfLayer,
  layerOf,
  OWN,
  startRightsRegistry,
  type RightsRegistry,
} from './fixtures/rights-registry.ts';
import { createLogger } from './observe/logger.ts';

const KINDS: readonly Kind[] = ['htpasswd', 'token'];
const PULLED = ['open/team/app', 'private/team/app'];
const ALL = [...OWN, ...PULLED, 'open/lib/app', 'private/lib/app'];
/** Thousands of requests on a busy machine. */
const LIMIT_MS = 120_000;

interface Request {
  readonly caller: Caller;
  readonly method: string;
  /** Below the name. */
  readonly path: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

describe.each(KINDS)('authorised and served names: with %s', { timeout: LIMIT_MS }, (kind) => {
  let server: RightsRegistry;

  beforeAll(async () => {
    server = await startRightsRegistry(kind);
  }, LIMIT_MS);
  afterAll(() => server[Symbol.asyncDispose]());

  const send = async (caller: Caller, method: string, path: string) => {
    const authorization = server.authorization(caller);
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await fetch(`${server.url}/v2/${path}`, { method, headers });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  type Answer = Awaited<ReturnType<typeof send>>;

  /** Differences between the answer to a request and the model. */
  const problemsOf = async (request: Request, written = request.name): Promise<string[]> => {
    const { caller, method, path, namespace } = request;
    const query = namespace === undefined ? '' : `?ns=${encodeURIComponent(namespace)}`;
    const answer = await send(caller, method, `${written}/${path}${query}`);
    const found = [...differences(request, answer), ...leaks(caller, answer)];
    const { status } = answer;
    return found.map(
      (text) => `${caller} ${method} ${written}/${path}${query}: ${status}, ${text}`,
    );
  };

  function differences({ caller, method, name, namespace }: Request, answer: Answer): string[] {
    const { status } = answer;
    const served = servedName(name, namespace);
    if (served === undefined) return status === 404 ? [] : ['the namespace is unknown'];
    const refusal = refusalOf(kind, caller, { method, name: served });
    if (refusal === undefined) return unlikeAllowed({ method, served }, status);
    if (status !== refusal) return [`must be refused with ${refusal}: ${served}`];
    return method === 'OPTIONS' ? [] : misnamed({ method, served }, answer);
  }

  function unlikeAllowed({ method, served }: { method: string; served: string }, status: number) {
    if (status === 401 || status === 403) return [`must be allowed: ${served}`];
    const isWrite = ['PUT', 'POST', 'PATCH', 'DELETE'].includes(method);
    return isWrite && isPulledThrough(served) && status < 400 ? ['wrote to an upstream'] : [];
  }

  /** The names in a refusal, if they are not the one that is served. */
  function misnamed(
    { method, served }: { method: string; served: string },
    { text, headers }: Answer,
  ): string[] {
    const challenge = headers.get('www-authenticate') ?? '';
    const scope = /scope="repository:([^:]+):[a-z,]+"/.exec(challenge)?.[1];
    if (kind === 'token' && scope !== served) return [`the scope is ${scope}`];
    if (method === 'HEAD') return [];
    const { errors } = JSON.parse(text) as { errors: { detail: { Name: string }[] }[] };
    const names = new Set(errors.flatMap(({ detail }) => detail.map(({ Name }) => Name)));
    return names.size === 1 && names.has(served) ? [] : [`names ${[...names].join()}`];
  }

  /** Content of repositories that the caller may not pull, wherever it stands in an answer. */
  function leaks(caller: Caller, answer: Answer): string[] {
    return ALL.filter((name) => !may(kind, caller, `pull ${name}`) && shows(name, answer)).map(
      (name) => `content of ${name}`,
    );
  }

  function shows(name: string, { text, headers }: Answer): boolean {
    const told = text + JSON.stringify([...headers]);
    const own = [layerOf(name).toString(), `of-${name.replaceAll('/', '-')}`];
    return own.some((content) => told.includes(content));
  }

  it('allows a caller what the rights to the served name say, and nothing else', async () => {
    const endpoints = [
      'tags/list',
      'manifests/latest',
      `manifests/${digestOf(Buffer.from('absent'))}`,
      `referrers/${digestOfLayer('team/app')}`,
      'blobs/uploads/',
      'blobs/uploads/0195c3e4-7a1b-4c2d-9e3f-000000000000',
      ...['team/app', ...PULLED].map((name) => `blobs/${digestOfLayer(name)}`),
    ];
    const problems: string[] = [];
    const choices = combinations({
      caller: CALLERS,
      name: ['team/app', 'private/team/app'],
      namespace: [undefined, 'open.example', 'private.example', 'other.example'],
      path: endpoints,
    });
    for (const choice of choices) {
      const asked = METHODS.map((method) => problemsOf({ ...choice, method }));
      problems.push(...(await Promise.all(asked)).flat());
    }
    expect(problems).toEqual([]);
  });

  it('gives the content of the served name, however the name and ns are written', async () => {
    const problems: string[] = [];
    const choices = combinations({
      caller: CALLERS,
      written: ['team/app', 'team%2Fapp', '%74eam/app', 'private%2fteam/app'],
      namespace: [undefined, '', 'private.example', 'PRIVATE.Example', '../private'],
      path: ['tags/list', 'manifests/latest', 'blobs/uploads'],
    });
    for (const { written, ...choice } of choices) {
      const request = { ...choice, method: 'GET', name: decodeURIComponent(written) };
      problems.push(...(await problemsOf(request, written)));
    }
    expect(problems).toEqual([]);
  });

  it('lets the first of several ns count', async () => {
    const path = 'team/app/tags/list?ns=private.example&ns=open.example';
    expect((await send('puller', 'GET', path)).status).toBe(kind === 'token' ? 401 : 403);
    expect((await send('insider', 'GET', path)).status).toBe(200);
  });

  it('serves an upstream by its namespace as by its prefix to a caller with the right', async () => {
    const byNamespace = await send(
      'insider',
      'GET',
      'team/app/manifests/latest?ns=private.example',
    );
    const byPrefix = await send('insider', 'GET', 'private/team/app/manifests/latest');
    expect([byNamespace.status, byNamespace.headers.get('oci-namespace')]).toEqual([
      200,
      'private.example',
    ]);
    expect(byNamespace.text).toContain(layerOf('private/team/app').toString());
    expect(byPrefix.text).toBe(byNamespace.text);
  });

  it('reads a name that is not local from the fallback, with the rights to both names', async () => {
    const problems: string[] = [];
    const paths = ['tags/list', 'manifests/latest', `blobs/${digestOfLayer('open/lib/app')}`];
    for (const { caller, path } of combinations({ caller: CALLERS, path: paths })) {
      const answer = await send(caller, 'GET', `lib/app/${path}`);
      const rights = ['pull lib/app', 'pull open/lib/app'] as const;
      const isAllowed = rights.every((right) => may(kind, caller, right));
      const isServed = answer.status === 200 && shows('open/lib/app', answer);
      const found = leaks(caller, answer);
      if (isAllowed !== isServed) found.push(`${answer.status}`);
      problems.push(...found.map((text) => `${caller} ${path}: ${text}`));
    }
    expect(problems).toEqual([]);
  });

  it('mounts only what the caller may pull, and otherwise begins an upload', async () => {
    const holders = new Map(OWN.map((name) => [digestOfLayer(name), name] as const));
    const digests = [...holders.keys(), digestOf(Buffer.from('absent'))];
    const isMounted = (caller: Caller, digest: Digest, from: string | undefined) => {
      const holder = holders.get(digest);
      const isHeld = holder !== undefined && (from === undefined || from === holder);
      return isHeld && may(kind, caller, `pull ${holder}`);
    };
    const problems: string[] = [];
    const choices = combinations({
      caller: CALLERS,
      target: ['target/pusher', 'target/keeper', 'private/team/app'],
      from: [undefined, ...OWN, 'private/team/app', 'no/such', '../invalid'],
      digest: digests,
    });
    for (const { caller, target, from, digest } of choices) {
      const refusal = refusalOf(kind, caller, { method: 'POST', name: target });
      const begun = isMounted(caller, digest, from) ? 201 : 202;
      const expected = refusal ?? (isPulledThrough(target) ? 405 : begun);
      const query = `mount=${digest}${from === undefined ? '' : `&from=${from}`}`;
      const { status } = await send(caller, 'POST', `${target}/blobs/uploads/?${query}`);
      const problem = `${caller} ${target} ${query}: ${status} instead of ${expected}`;
      if (status !== expected) problems.push(problem);
    }
    expect(problems).toEqual([]);
  });

  it('asks for the rights to both repositories of a mount when it challenges', async () => {
    const query = `mount=${digestOfLayer('team/secret')}&from=team/secret`;
    const { headers } = await send('nobody', 'POST', `target/pusher/blobs/uploads/?${query}`);
    const challenge = headers.get('www-authenticate');
    const scope = 'scope="repository:target/pusher:pull,push repository:team/secret:pull"';
    expect(challenge).toContain(kind === 'token' ? scope : 'Basic realm="Registry"');
  });
});

describe('authorised and served names: observers', () => {
  it(
    'are told the served name: logs and events',
    async () => {
      const lines: Record<string, unknown>[] = [];
      const logger = createLogger(
        {
          level: 'info',
          formatter: 'json',
          fields: {},
          accesslog: { disabled: true, probes: false },
        },
        { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
      );
      const events: unknown[] = [];
      const listener = createServer((request, response) => {
        void json(request).then((body) => events.push(...(body as { events: unknown[] }).events));
        request.on('end', () => response.end());
      });
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
      await using server = await startRightsRegistry('htpasswd', {
        logger,
        notifications: { endpoints: [{ name: 'listener', url }] },
      });
      const authorization = server.authorization('insider')!;
      const path = 'team/app/manifests/latest?ns=private.example';
      await (await fetch(`${server.url}/v2/${path}`, { headers: { authorization } })).text();
      await expect
        .poll(() => events, { timeout: LIMIT_MS })
        .toMatchObject([{ action: 'pull', target: { repository: 'private/team/app' } }]);
      const requests = lines.filter((line) => line['http.request.uri'] === `/v2/${path}`);
      expect(requests).toMatchObject([
        { 'vars.name': 'private/team/app', 'vars.reference': 'latest' },
      ]);
      listener.closeAllConnections();
      listener.close();
    },
    LIMIT_MS,
  );
});
