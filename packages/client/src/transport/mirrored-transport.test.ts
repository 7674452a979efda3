import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startServer, type RecordingServer } from '../fixtures/recording-server.ts';
import { failureOf } from '../fixtures/failure-of.ts';
import { createTransport, type MirrorOptions } from './create-transport.ts';
import type { TransportReport } from './observer.ts';
import type { Transport, TransportRequest } from './transport.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const BLOB = `/v2/library/app/blobs/${DIGEST}`;
const password = 'of the registry';

/** A registry or mirror that answers everything with its name, or with a status. */
function startNamed(name: string, status = 200): Promise<RecordingServer> {
  return startServer((_request, response) => response.writeHead(status).end(name));
}

function ask(
  transport: Transport,
  { url }: RecordingServer,
  { path = BLOB, ...request }: Partial<TransportRequest> & { readonly path?: string } = {},
): Promise<string> {
  const whole = { method: 'GET', url: new URL(path, url), scopes: [], expect: [200, 404] } as const;
  return transport.send({ ...whole, ...request }).then(({ body }) => text(body));
}

async function withMirrors(
  statuses: readonly number[],
  test: (parts: {
    registry: RecordingServer;
    mirrors: readonly RecordingServer[];
    transport: Transport;
    reports: readonly TransportReport[];
  }) => Promise<void>,
  settings: Partial<MirrorOptions> = {},
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(await startNamed('registry'));
  const mirrors: RecordingServer[] = [];
  for (const [index, status] of statuses.entries()) {
    mirrors.push(stack.use(await startNamed(`mirror ${index}`, status)));
  }
  const reports: TransportReport[] = [];
  const transport = stack.use(
    createTransport({
      registry: registry.url,
      credentials: { credentials: async () => ({ username: 'ann', password }) },
      mirrors: mirrors.map(({ url }) => ({ url, ...settings })),
      observer: (report) => reports.push(report),
    }),
  );
  await test({ registry, mirrors, transport, reports });
}

describe('mirrors', () => {
  it('are asked for manifests and blobs, and told of which registry', () =>
    withMirrors([200], async ({ registry, mirrors, transport }) => {
      for (const path of [BLOB, '/v2/app/manifests/latest', `/v2/app/manifests/${DIGEST}?x=1`]) {
        expect(await ask(transport, registry, { path })).toBe('mirror 0');
      }
      const ns = encodeURIComponent(registry.url.host);
      expect(mirrors[0]?.requests.map(({ url }) => url)).toEqual([
        `${BLOB}?ns=${ns}`,
        `/v2/app/manifests/latest?ns=${ns}`,
        `/v2/app/manifests/${DIGEST}?x=1&ns=${ns}`,
      ]);
      expect(registry.requests).toEqual([]);
    }));

  it('are not asked for anything else', () =>
    withMirrors([200], async ({ registry, mirrors, transport }) => {
      for (const path of [
        '/v2/',
        '/v2/_catalog',
        '/v2/app/tags/list',
        `/v2/app/referrers/${DIGEST}`,
        '/v2/app/blobs/uploads/1',
      ]) {
        expect(await ask(transport, registry, { path })).toBe('registry');
      }
      for (const method of ['PUT', 'DELETE', 'POST', 'PATCH'] as const) {
        expect(await ask(transport, registry, { method })).toBe('registry');
      }
      expect(mirrors[0]?.requests).toEqual([]);
    }));

  it('are passed over one after the other when they do not give what is asked for', () =>
    withMirrors([404, 500, 401, 200], async ({ registry, mirrors, transport, reports }) => {
      expect(await ask(transport, registry)).toBe('mirror 3');
      expect(reports.filter(({ kind }) => kind === 'passed-over')).toMatchObject([
        { status: 404, url: `${mirrors[0]?.url.origin}/` },
        { status: 500 },
        { status: 401 },
      ]);
    }));

  it('leave the last word to the registry', () =>
    withMirrors([404, 403], async ({ registry, transport }) => {
      expect(await ask(transport, registry)).toBe('registry');
    }));

  it('that do not answer are left alone for a while, unlike those that do not have something', () =>
    withMirrors([503, 404], async ({ registry, mirrors, transport }) => {
      for (let index = 0; index < 3; index++) await ask(transport, registry);
      expect(mirrors.map(({ requests }) => requests.length)).toEqual([1, 3]);
    }));

  it('that is not there is passed over', async () => {
    await using registry = await startNamed('registry');
    const gone = await startNamed('gone');
    await gone[Symbol.asyncDispose]();
    const mirrors = [{ url: gone.url }];
    await using transport = createTransport({ registry: registry.url, mirrors });
    expect(await ask(transport, registry)).toBe('registry');
  });

  it('do not see the credentials of the registry', async () => {
    await using registry = await startNamed('registry');
    await using mirror = await startServer((_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="mirror"' }).end(),
    );
    const credentials = { credentials: async () => ({ username: 'ann', password }) };
    await using transport = createTransport({
      registry: registry.url,
      credentials,
      mirrors: [{ url: mirror.url }],
    });
    expect(await ask(transport, registry)).toBe('registry');
    expect(mirror.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('are not asked what tags name when they are not to be', () =>
    withMirrors(
      [200],
      async ({ registry, transport }) => {
        expect(await ask(transport, registry, { path: '/v2/app/manifests/latest' })).toBe(
          'registry',
        );
        expect(await ask(transport, registry)).toBe('mirror 0');
      },
      { byTag: false },
    ));

  it('below a path are asked there', async () => {
    await using server = await startNamed('server');
    const registry = new URL('/hub', server.url);
    const mirrors = [{ url: new URL('/mirror/', server.url) }];
    await using transport = createTransport({ registry, mirrors });
    await ask(transport, server, { path: `/hub${BLOB}` });
    await ask(transport, server);
    const ns = encodeURIComponent(server.url.host);
    expect(server.requests.map(({ url }) => url)).toEqual([`/mirror${BLOB}?ns=${ns}`, BLOB]);
  });

  it('end with the reason of the signal', () =>
    withMirrors([200], async ({ registry, transport }) => {
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      expect(await failureOf(ask(transport, registry, { signal }))).toBe(reason);
      expect(registry.requests).toEqual([]);
    }));
});
