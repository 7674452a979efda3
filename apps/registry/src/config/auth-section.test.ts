import { describe, expect, it } from 'vitest';
import { createConfig, parseConfig } from './load.ts';
import { ConfigurationError } from './problems.ts';

const MINIMAL = 'version: 0.1\nstorage: inmemory\n';
const read = (text: string, environment = {}) => parseConfig(`${MINIMAL}${text}`, { environment });

function problemsOf(text: string): readonly string[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('the auth section', () => {
  it.each([
    '',
    'auth:',
    'auth: {}',
    'auth: none',
    'auth: None',
    'auth: { none: {} }',
    'auth: { NONE: }',
  ])('of %j lets everyone in, without a warning', (text) => {
    const { config, warnings } = read(text);
    expect(config.auth).toEqual({ kind: 'none' });
    expect(warnings).toEqual([]);
  });

  it('reads distribution’s example of htpasswd', () => {
    const { config } = read(
      'auth:\n  htpasswd:\n    realm: basic-realm\n    path: /path/to/htpasswd',
    );
    expect(config.auth).toEqual({
      kind: 'htpasswd',
      realm: 'basic-realm',
      path: '/path/to/htpasswd',
      groups: {},
    });
  });

  it('reads distribution’s example of token', () => {
    const { config } = read(`auth:
  token:
    autoredirect: true
    realm: token-realm
    service: token-service
    issuer: registry-token-issuer
    rootcertbundle: /root/certs/bundle
    jwks: /path/to/jwks
    signingalgorithms:
        - EdDSA
        - HS256
`);
    expect(config.auth).toEqual({
      kind: 'token',
      autoredirect: true,
      autoredirectpath: '/auth/token',
      realm: 'token-realm',
      service: 'token-service',
      issuer: 'registry-token-issuer',
      rootcertbundle: '/root/certs/bundle',
      jwks: '/path/to/jwks',
      signingalgorithms: ['EdDSA'],
    });
  });

  it('reads variables, with the name of the kind or without', () => {
    const variables = { REGISTRY_AUTH_SILLY_REALM: 'r', REGISTRY_AUTH_SILLY_SERVICE: 's' };
    const expected = { kind: 'silly', realm: 'r', service: 's' };
    expect(read('', variables).config.auth).toEqual(expected);
    expect(read('', { REGISTRY_AUTH: 'silly', ...variables }).config.auth).toEqual(expected);
    expect(read('auth: none', { REGISTRY_AUTH: 'silly', ...variables }).config.auth).toEqual(
      expected,
    );
  });

  it('reads a policy, and fills in what its rules leave out', () => {
    const { config } = read(`auth:
  htpasswd:
    realm: r
    path: /p
    groups: { developers: [bob, carol] }
    policy:
      - { repositories: [team/**], groups: [developers], allow: [push] }
      - { repositories: ['**'], users: ['*'], anonymous: true, allow: [pull] }
`);
    expect(config.auth).toMatchObject({
      groups: { developers: ['bob', 'carol'] },
      policy: [
        { repositories: ['team/**'], users: [], groups: ['developers'], anonymous: false },
        { repositories: ['**'], users: ['*'], groups: [], anonymous: true, allow: ['pull'] },
      ],
    });
  });

  it('is what a program writes, too', () => {
    const auth = { silly: { realm: 'r', service: 's' } };
    expect(createConfig({ auth }).auth).toEqual({ kind: 'silly', ...auth.silly });
    expect(createConfig({ auth: 'none' }).auth).toEqual({ kind: 'none' });
  });

  const htpasswd = (policy: string) =>
    `auth: { htpasswd: { realm: r, path: p, policy: ${policy} } }`;
  const token = (rest: string) => `auth: { token: { realm: r, service: s, issuer: i${rest} } }`;

  it.each([
    ['auth: ldap', 'auth.ldap: unknown access controller; expected htpasswd, token, silly or none'],
    ['auth: [none]', 'auth: expected a map, found a list'],
    [
      'auth: { silly: { realm: r, service: s }, none: {} }',
      'auth: expected exactly one of htpasswd, token, silly and none, found a map of silly, none',
    ],
    ['auth: { htpasswd: { path: p } }', 'auth.htpasswd.realm: expected a realm, found nothing'],
    [
      'auth: { htpasswd: { realm: "a\\nb", path: p } }',
      'auth.htpasswd.realm: expected a realm in printable ASCII characters, found a\\u000ab',
    ],
    [
      token(''),
      'auth.token: expected rootcertbundle or jwks: one signing key at least, found a map of realm, service, issuer',
    ],
    [
      token(', jwks: j, signingalgorithms: [none]'),
      'auth.token.signingalgorithms.0: expected one of EdDSA, RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512, found none',
    ],
    [
      htpasswd('[{ repositories: [a], allow: [pull] }]'),
      'auth.htpasswd.policy.0: expected users, groups or anonymous: true, found a map of repositories, allow',
    ],
    [
      htpasswd('[{ repositories: [a], users: [b], allow: [read] }]'),
      'auth.htpasswd.policy.0.allow.0: expected pull, create, push or delete, found read',
    ],
    [
      htpasswd('[{ repositories: [], users: [b], allow: [] }]'),
      'auth.htpasswd.policy.0.repositories: expected a list of globs such as team/*, found a list',
    ],
    [
      htpasswd('[{ repositories: [a], groups: [b], allow: [] }]'),
      'auth.htpasswd.policy.0.groups.0: expected a group of auth.htpasswd.groups, found b',
    ],
  ])('is refused for %j', (text, problem) => {
    const problems = problemsOf(text).map((line) => line.replace(/^config\.yml:\d+:\d+: /, ''));
    expect(problems).toEqual([problem]);
  });
});
