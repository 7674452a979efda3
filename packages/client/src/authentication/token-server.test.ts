import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { ANN, ask, keychain, USERS, withRegistry } from '../fixtures/protected-registry.ts';
import { startServer } from '../fixtures/recording-server.ts';
import { createTransport } from '../transport/create-transport.ts';

describe('OAuth2', () => {
  it('gets tokens for an identity token by POST', () =>
    withRegistry(
      { refreshTokens: ['identity'] },
      { credentials: keychain({ identityToken: 'identity' }), clientId: 'test' },
      async ({ tokens, registry, transport }) => {
        expect(await ask(transport, registry, { path: '/push/a' })).toBe('content');
        const [request] = tokens.requests;
        expect(request?.method).toBe('POST');
        expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
          grant_type: 'refresh_token',
          refresh_token: 'identity',
          client_id: 'test',
          service: tokens.service,
          scope: 'repository:a:pull,push',
        });
      },
    ));

  it('gets tokens with a password by POST where GET is not known', () =>
    withRegistry(
      { ...USERS, answersGet: false },
      { credentials: keychain(ANN) },
      async ({ tokens, registry, transport }) => {
        expect(await ask(transport, registry, { path: '/push/a' })).toBe('content');
        expect(tokens.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
      },
    ));

  it('sends the password once when offline tokens are wanted, and again when they are revoked', () =>
    withRegistry(
      USERS,
      { credentials: keychain(ANN), offlineTokens: true },
      async ({ tokens, registry, transport }) => {
        await ask(transport, registry, { path: '/pull/a' });
        await ask(transport, registry, { path: '/pull/b' });
        expect(tokens.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
        expect(tokens.requests[1]?.body).toContain('grant_type=refresh_token');
        expect(tokens.requests[1]?.body).not.toContain('password');
        tokens.revokeRefreshTokens();
        await ask(transport, registry, { path: '/pull/c' });
        expect(tokens.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST', 'GET']);
      },
    ));
});

describe('a token server', () => {
  /** A registry whose tokens come from a server that answers so. */
  const failureBy = async (answer: Parameters<typeof startServer>[0]) => {
    await using tokens = await startServer(answer);
    await using registry = await startServer((_request, response) => {
      const challenge = `Bearer realm="${tokens.url.origin}/token",service="x"`;
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    await using transport = createTransport({
      registry: registry.url,
      credentials: keychain(ANN),
      deadlineMs: 200,
      idleTimeoutMs: 200,
      retries: { attempts: 1 },
    });
    return await failureOf(ask(transport, registry));
  };

  for (const [what, answer, code] of [
    ['refuses the credentials', [401, ANN.password], 'UNAUTHORIZED'],
    ['forbids', [403, ANN.password], 'UNAUTHORIZED'],
    ['is busy', [429, ''], 'TOOMANYREQUESTS'],
    ['is broken', [503, ''], 'UNAVAILABLE'],
    ['redirects', [302, ''], 'RESPONSE_INVALID'],
    ['gives no JSON', [200, ANN.password], 'RESPONSE_INVALID'],
    ['gives no token', [200, '{}'], 'RESPONSE_INVALID'],
    ['gives a token without end', [200, 'x'.repeat(600_000)], 'RESPONSE_INVALID'],
  ] as const) {
    it(`that ${what} is ${code}, and no password is told`, async () => {
      const [status, body] = answer;
      const failure = await failureBy((_request, response) =>
        response.writeHead(status, { location: 'http://elsewhere.test/' }).end(body),
      );
      expect(failure).toMatchObject({ code });
      expect(`${failure.message} ${JSON.stringify(failure)}`).not.toContain(ANN.password);
    });
  }

  it('that never ends its answer is UNAVAILABLE', async () => {
    const failure = await failureBy((_request, response) => {
      const timer = setInterval(() => response.write('x'.repeat(100)), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  it('at another site is not asked (CVE-2026-12566)', async () => {
    const seen: string[] = [];
    for (const realm of [
      'http://evil.test/token',
      'http://169.254.169.254/',
      'https://10.0.0.1/',
    ]) {
      await using registry = await startServer((_request, response) =>
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end(),
      );
      await using transport = createTransport({
        registry: registry.url,
        credentials: keychain(ANN),
        observer: (report) => seen.push(report.kind),
      });
      await expect(ask(transport, registry)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
      expect(registry.requests).toHaveLength(1);
    }
    expect(seen).toEqual(['answered', 'answered', 'answered']);
  });

  it('that is not there for a while is asked again', async () => {
    let count = 0;
    await using tokens = await startServer((_request, response) => {
      count += 1;
      return response.writeHead(count < 3 ? 503 : 200).end('{"token":"good"}');
    });
    await using registry = await startServer(({ headers }, response) => {
      if (headers.authorization === 'Bearer good') return response.end('content');
      const challenge = `Bearer realm="${tokens.url.origin}/token",service="x"`;
      return response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    const retries = { baseDelayMs: 1 };
    await using transport = createTransport({ registry: registry.url, retries });
    // Nothing was done yet: even what must not be repeated can be sent again.
    const request = { method: 'POST', body: Buffer.from('x') } as const;
    expect(await ask(transport, registry, { path: '/push/a', ...request })).toBe('content');
  });
});
