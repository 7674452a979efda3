import { beforeAll, describe, expect, it, vi } from 'vitest';
import { parseRepositoryName, type Access, type RepositoryAction } from '@purser/core';
import { describeAccessControllerConformance } from '@purser/core/conformance';
import { createBadTokens, type BadTokens } from './fixtures/bad-tokens.ts';
import { issue } from './fixtures/authority.ts';
import {
  CLAIMS,
  createTokenServer,
  SECONDS,
  SETTINGS,
  sign,
  type TokenServer,
} from './fixtures/token-server.ts';
import { keyIdsOf } from './key-ids.ts';
import { createTokenController, SIGNING_ALGORITHMS, type TokenOptions } from './token.ts';

const server: TokenServer = await createTokenServer(SIGNING_ALGORITHMS);

function createController(options: Partial<TokenOptions> = {}) {
  const { roots, keys } = server;
  return createTokenController({ ...SETTINGS, trust: () => ({ roots, keys }), ...options });
}

const access = (action: RepositoryAction, name = 'suite/granted'): Access => ({
  type: 'repository',
  name: parseRepositoryName(name),
  action,
});
const tokenOf = (claims = CLAIMS, algorithm = 'ES256') =>
  sign(claims, { alg: algorithm, kid: algorithm }, server.pairs.get(algorithm)!.privateKey);

describeAccessControllerConformance('token', {
  describe,
  it,
  createController: async () => ({
    controller: createController(),
    authorization: `Bearer ${await tokenOf()}`,
    user: 'alice',
  }),
});

async function identify(token: string, options: Partial<TokenOptions> = {}) {
  return createController(options).identify({ authorization: `Bearer ${token}` });
}

describe('a token', () => {
  it.each(SIGNING_ALGORITHMS)('may be signed with %s', async (algorithm) => {
    expect((await identify(await tokenOf(CLAIMS, algorithm))).user).toBe('alice');
  });

  it('counts only with an algorithm that is allowed', async () => {
    const token = await tokenOf(CLAIMS, 'ES256');
    expect((await identify(token, { algorithms: ['RS256'] })).user).toBeUndefined();
    expect((await identify(token, { algorithms: ['RS256', 'ES256'] })).user).toBe('alice');
  });

  it.each([
    ['a minute after it expired', { exp: SECONDS - 59 }],
    ['a minute before it begins', { nbf: SECONDS + 60 }],
    ['without a beginning', { nbf: undefined as never }],
    ['for several audiences', { aud: ['other', SETTINGS.service] }],
    ['with claims that nobody knows', { more: { and: 'more' } }],
  ])('counts %s', async (_, claims) => {
    expect((await identify(await tokenOf({ ...CLAIMS, ...claims }))).user).toBe('alice');
  });

  it.each([undefined, '', null])('of the subject %j is of nobody by name', async (sub) => {
    const caller = await identify(await tokenOf({ ...CLAIMS, sub: sub as never }));
    expect(caller.user).toBeUndefined();
    expect(caller.refusalOf([])).toBeUndefined();
  });

  it.each([undefined, null, []])('that grants %j is a login and no more', async (granted) => {
    const caller = await identify(await tokenOf({ ...CLAIMS, access: granted }));
    expect(caller.refusalOf([])).toBeUndefined();
    expect(caller.refusalOf([access('pull')])).toBeDefined();
  });

  it('may grant everything with a star, and grants nothing under another type or name', async () => {
    const granted = [
      { type: 'repository', name: 'a', actions: ['*'] },
      { type: 'repository', class: 'plugin', name: 'b', actions: ['pull'] },
      { type: 'registry', name: 'catalog', actions: ['*'] },
      { type: 'other', name: 'c', actions: ['*'] },
    ];
    const caller = await identify(await tokenOf({ ...CLAIMS, access: granted }));
    const may = (name: string) =>
      (['pull', 'push', 'overwrite', 'delete'] as const).filter(
        (action) => caller.refusalOf([access(action, name)]) === undefined,
      );
    expect(may('a')).toEqual(['pull', 'push', 'overwrite', 'delete']);
    expect(may('b')).toEqual(['pull']);
    expect(may('c')).toEqual([]);
    expect(caller.refusalOf([{ type: 'registry', name: 'catalog', action: '*' }])).toBeUndefined();
    // Who may list sees all, as in distribution.
    expect(caller).not.toHaveProperty('sees');
  });

  it('names the classes of what may be pushed; without one it means images', async () => {
    const granted = [
      { type: 'repository', name: 'a', actions: ['push'] },
      { type: 'repository', class: 'plugin', name: 'a', actions: ['push'] },
      { type: 'repository', class: '', name: 'b', actions: ['pull'] },
    ];
    const caller = await identify(await tokenOf({ ...CLAIMS, access: granted }));
    const classes = ['a', 'b', 'c'].map((name) => caller.classesOf?.(parseRepositoryName(name)));
    expect(classes).toEqual([['image', 'plugin'], ['image'], undefined]);
  });

  it('names a key of the bundle by its thumbprint, or by the id that libtrust gives it', async () => {
    const { keys } = server.authority.issued;
    for (const kid of keyIdsOf(server.roots[0]!.publicKey)) {
      const token = await sign(CLAIMS, { alg: 'ES256', kid }, keys.privateKey);
      expect((await identify(token)).user).toBe('alice');
    }
  });

  it('names a key by the id inside a jwk, of which nothing else counts', async () => {
    const { privateKey } = server.pairs.get('RS256')!;
    const token = await sign(CLAIMS, { alg: 'RS256', jwk: { kid: 'RS256' } as never }, privateKey);
    expect((await identify(token)).user).toBe('alice');
  });

  it('may bring certificates that lead to the bundle', async () => {
    const middle = await issue({
      subject: 'm',
      issuer: server.authority.issued,
      isAuthority: true,
    });
    const leaf = await issue({ subject: 'leaf', issuer: middle });
    const token = await sign(
      CLAIMS,
      { alg: 'ES256', x5c: [leaf.der, middle.der] },
      leaf.keys.privateKey,
    );
    expect((await identify(token)).user).toBe('alice');
  });

  it('stops counting when its key is trusted no more', async () => {
    const token = await tokenOf();
    const { roots, keys } = server;
    let trust: ReturnType<TokenOptions['trust']> = { roots, keys };
    const controller = createController({ trust: () => trust });
    const authorization = `Bearer ${token}`;
    expect((await controller.identify({ authorization })).user).toBe('alice');
    trust = { roots: [], keys: new Map() };
    expect((await controller.identify({ authorization })).user).toBeUndefined();
  });
});

describe('certificate chains: a token', () => {
  it('whose header is longer than the longest chain is not read', async () => {
    const parse = vi.spyOn(JSON, 'parse');
    const header = { alg: 'ES256', kid: 'ES256', more: 'x'.repeat(60_000) };
    const { privateKey } = server.pairs.get('ES256')!;
    const token = await sign(CLAIMS, header, privateKey);
    parse.mockClear();
    expect((await identify(token)).user).toBeUndefined();
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });

  it('for very many repositories and audiences is valid', async () => {
    const aud = Array.from({ length: 5000 }, (_, index) => `service-${index}`);
    const granted = aud.map((name) => ({ type: 'repository', name, actions: ['pull'] }));
    const claims = { ...CLAIMS, aud: [...aud, SETTINGS.service], access: granted };
    const caller = await identify(await tokenOf(claims));
    expect(caller.refusalOf([access('pull', 'service-4999')])).toBeUndefined();
    expect(caller.refusalOf([access('pull', 'service-5000')])).toBeDefined();
  });
});

describe('tokens that do not count (CVE-2025-24976)', () => {
  let tokens: BadTokens;
  beforeAll(async () => {
    tokens = await createBadTokens(server);
  });

  it('are more than sixty', () => {
    expect(tokens.size).toBeGreaterThan(60);
  });

  it('are each refused, and told to be invalid', async () => {
    const controller = createController();
    const taken: string[] = [];
    for (const [name, token] of tokens) {
      const caller = await controller.identify({ authorization: `Bearer ${token}` });
      const refusal = await caller.refusalOf([]);
      const isTold =
        refusal?.kind === 'unauthorized' &&
        refusal.challenges[0]?.endsWith(',error="invalid_token"');
      if (!isTold || caller.user !== undefined) taken.push(name);
    }
    expect(taken).toEqual([]);
  });
});

describe('the challenge of a token controller', () => {
  const challengeOf = async (
    authorization: string | undefined,
    wanted: readonly Access[],
    options: Partial<TokenOptions> = {},
  ) => {
    const caller = await createController(options).identify({ authorization });
    const refusal = await caller.refusalOf(wanted);
    return refusal?.kind === 'unauthorized' ? refusal.challenges : refusal;
  };
  const start = 'Bearer realm="https://auth.example/token",service="registry.example"';

  it('has no scope when a login alone is wanted', async () => {
    expect(await challengeOf(undefined, [])).toEqual([start]);
  });

  it('groups actions by resource, in the order in which they are wanted', async () => {
    const wanted = [access('pull'), access('push'), access('pull', 'b')];
    expect(await challengeOf(undefined, wanted)).toEqual([
      `${start},scope="repository:suite/granted:pull,push repository:b:pull"`,
    ]);
  });

  it('asks for a push where something would be overwritten', async () => {
    expect(await challengeOf(undefined, [access('overwrite')])).toEqual([
      `${start},scope="repository:suite/granted:push"`,
    ]);
  });

  it.each(['Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b'])(
    'tells of no error after %j, which is no token',
    async (authorization) => {
      expect(await challengeOf(authorization, [])).toEqual([start]);
    },
  );

  it('tells of a token that is not enough', async () => {
    expect(await challengeOf(`Bearer ${await tokenOf()}`, [access('delete')])).toEqual([
      `${start},scope="repository:suite/granted:delete",error="insufficient_scope"`,
    ]);
  });

  it.each([
    [{ host: 'r.example:5000' }, 'https://r.example:5000/auth/token'],
    [{ host: 'r.example', forwardedScheme: 'http' as const }, 'http://r.example/auth/token'],
    [{}, 'https://auth.example/token'],
  ])('leads to the host of the request %j, with autoredirect', async (request, realm) => {
    const controller = createController({ autoRedirectPath: '/auth/token' });
    const refusal = await (await controller.identify(request)).refusalOf([]);
    expect(refusal).toEqual({
      kind: 'unauthorized',
      challenges: [`Bearer realm="${realm}",service="registry.example"`],
    });
  });

  it.each([{ realm: '' }, { service: 'a\nb' }, { autoRedirectPath: '/ü' }])(
    'is not made of %j',
    (options) => {
      expect(() => createController(options)).toThrow(TypeError);
    },
  );
});
