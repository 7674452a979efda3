import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { ANN, ask, keychain, USERS, withRegistry } from '../fixtures/protected-registry.ts';
import { startServer } from '../fixtures/recording-server.ts';
import { startTokenServer } from '../fixtures/token-server.ts';
import { createTransport } from '../transport/create-transport.ts';

describe('Bearer', () => {
  it('is got anonymously for who has no credentials', () =>
    withRegistry({}, {}, async ({ tokens, registry, transport }) => {
      expect(await ask(transport, registry)).toBe('content');
      const [request] = tokens.requests;
      const asked = new URL(request?.url ?? '', tokens.url).searchParams;
      expect([...asked]).toEqual([
        ['service', tokens.service],
        ['scope', 'repository:a:pull'],
      ]);
      expect(request?.headers.authorization).toBeUndefined();
      await expect(ask(transport, registry, { path: '/push/a' })).rejects.toMatchObject({
        code: 'UNAUTHORIZED',
        status: 401,
      });
    }));

  it('is got with a password by GET, which the registry does not see', () =>
    withRegistry(USERS, { credentials: keychain(ANN) }, async ({ tokens, registry, transport }) => {
      expect(await ask(transport, registry, { path: '/push/a' })).toBe('content');
      const [request] = tokens.requests;
      expect(new URL(request?.url ?? '', tokens.url).searchParams.get('account')).toBe('ann');
      const basic = `Basic ${Buffer.from(`ann:${ANN.password}`).toString('base64')}`;
      expect(request?.headers.authorization).toBe(basic);
      const seen = registry.requests.map(({ headers }) => headers.authorization);
      expect(seen).toEqual([undefined, 'Bearer token-1']);
    }));

  it('is kept for each set of scopes', () =>
    withRegistry(USERS, { credentials: keychain(ANN) }, async ({ tokens, registry, transport }) => {
      for (const path of ['/pull/a', '/push/a', '/pull/b', '/pull/a', '/push/a', '/pull/b']) {
        expect(await ask(transport, registry, { path })).toBe('content');
      }
      expect(tokens.requests).toHaveLength(3);
      // The first request did not know yet that there is something to prove.
      expect(registry.requests).toHaveLength(7);
    }));

  it('is asked for once for all requests that need the same at one time', () =>
    withRegistry(USERS, { credentials: keychain(ANN) }, async ({ tokens, registry, transport }) => {
      const all = Array.from({ length: 30 }, () => ask(transport, registry));
      expect(new Set(await Promise.all(all))).toEqual(new Set(['content']));
      expect(tokens.requests).toHaveLength(1);
    }));

  it('is got anew when it ends', () =>
    withRegistry({ expiresIn: 0.1 }, {}, async ({ tokens, registry, transport }) => {
      await ask(transport, registry);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await ask(transport, registry);
      expect(tokens.requests).toHaveLength(2);
      expect(registry.requests).toHaveLength(3);
    }));

  it('is got anew once when the registry refuses it', () =>
    withRegistry({}, {}, async ({ tokens, registry, transport }) => {
      await ask(transport, registry);
      tokens.revokeTokens();
      expect(await ask(transport, registry)).toBe('content');
      expect(tokens.requests).toHaveLength(2);
    }));

  it('is got for more access when the registry says that it is not enough', async () => {
    await using tokens = await startTokenServer();
    await using registry = await startServer(({ headers }, response) => {
      const scope = 'repository:a:pull repository:b:pull';
      const isGranted = scope
        .split(' ')
        .every((each) => tokens.grants(headers.authorization, each));
      if (isGranted) return response.end('content');
      const error = headers.authorization === undefined ? undefined : 'insufficient_scope';
      const status = headers.authorization === undefined ? 401 : 403;
      return response
        .writeHead(status, { 'www-authenticate': tokens.challenge(scope, error) })
        .end();
    });
    await using transport = createTransport({ registry: registry.url });
    await ask(transport, registry);
    // What was needed is remembered.
    await ask(transport, registry);
    expect(tokens.requests).toHaveLength(1);
    expect(registry.requests).toHaveLength(3);
    // Of another request it is learned from the refusal of a token.
    await ask(transport, registry, { path: '/push/a' });
    expect(registry.requests).toHaveLength(5);
  });

  it('is given up when the registry refuses every token', async () => {
    await using tokens = await startTokenServer();
    await using registry = await startServer((_request, response) => {
      const challenge = tokens.challenge('repository:a:pull', 'invalid_token');
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    await using transport = createTransport({ registry: registry.url });
    await expect(ask(transport, registry)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(tokens.requests).toHaveLength(1);
    expect(registry.requests).toHaveLength(2);
  });

  it('is learned of before a long body is sent', () =>
    withRegistry(USERS, { credentials: keychain(ANN) }, async ({ registry, transport }) => {
      const once = (async function* () {
        yield Buffer.from('content');
      })();
      const request = { method: 'PUT', body: once } as const;
      expect(await ask(transport, registry, { path: '/push/a', ...request })).toBe('content');
      expect(registry.requests).toMatchObject([
        { method: 'GET', url: '/v2/' },
        { method: 'PUT', body: 'content' },
      ]);
    }));

  it('of the keychain is sent as it is', async () => {
    await using registry = await startServer(({ headers }, response) => {
      if (headers.authorization === 'Bearer mine') return response.end('content');
      return response.writeHead(401, { 'www-authenticate': 'Bearer realm="https://x.test"' }).end();
    });
    const credentials = keychain({ registryToken: 'mine' });
    await using transport = createTransport({ registry: registry.url, credentials });
    expect(await ask(transport, registry)).toBe('content');
  });
});

describe('Basic', () => {
  const startBasic = (password: string, header = 'Basic realm="test"') =>
    startServer(({ headers }, response) => {
      const basic = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`;
      if (headers.authorization === basic) return response.end('content');
      return response.writeHead(401, { 'www-authenticate': header }).end(`no: ${password}`);
    });

  it('sends the password to the registry, at once after the first time', async () => {
    await using registry = await startBasic(ANN.password);
    const credentials = keychain(ANN);
    await using transport = createTransport({ registry: registry.url, credentials });
    await ask(transport, registry);
    await ask(transport, registry);
    expect(registry.requests).toHaveLength(3);
    expect(credentials.asked).toEqual([{ repository: 'a', fresh: false }]);
  });

  it('is not sent to who asks for nothing', async () => {
    await using registry = await startServer((_request, response) => response.end('content'));
    const credentials = keychain(ANN);
    await using transport = createTransport({ registry: registry.url, credentials });
    await ask(transport, registry);
    expect(credentials.asked).toEqual([]);
    expect(registry.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('looks for other credentials when the registry refuses them', async () => {
    await using registry = await startBasic('new');
    const credentials = keychain({ ...ANN, password: 'old' }, { ...ANN, password: 'new' });
    await using transport = createTransport({ registry: registry.url, credentials });
    expect(await ask(transport, registry)).toBe('content');
    expect(credentials.asked).toEqual([
      { repository: 'a', fresh: false },
      { repository: 'a', fresh: true },
    ]);
  });

  it('gives up the same credentials, and tells no password that the registry repeats', async () => {
    await using registry = await startBasic('secret');
    const credentials = keychain({ ...ANN, password: 'secre' });
    await using transport = createTransport({ registry: registry.url, credentials });
    const failure = await failureOf(ask(transport, registry));
    expect(failure).toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
    expect(registry.requests).toHaveLength(2);
    expect(failure.message).toMatch(/with credentials was answered with 401: no: \*\*\*t$/);
  });

  it('is chosen among challenges that nobody can answer', async () => {
    await using registry = await startBasic(ANN.password, 'Negotiate, Basic realm="x"');
    await using transport = createTransport({ registry: registry.url, credentials: keychain(ANN) });
    expect(await ask(transport, registry)).toBe('content');
  });
});
