import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needPrograms } from '@purser/external-programs';
import {
  dockerRegistry,
  purser,
  RegistryClient,
  Sandbox,
  withSettings,
  type RegistryAnswer,
  type RegistryProgram,
  type RegistryRequest,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenKey, TokenServer, type TokenKey } from './token-server.ts';

const programs = needPrograms('docker-registry', 'openssl');
const SERVICE = 'registry.example';
const ISSUER = 'auth.example';
/** `wonderland`, and an entry that is no bcrypt. */
const HTPASSWD =
  '# users\nalice:$2b$04$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum\nbob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const UPLOAD = '/v2/team/app/blobs/uploads/';

/** One request for each right, and those that need several. */
const REQUESTS: readonly Pick<RegistryRequest, 'method' | 'path'>[] = [
  { method: 'GET', path: '/v2/' },
  { method: 'GET', path: '/v2/_catalog' },
  { method: 'GET', path: '/v2/team/app/tags/list' },
  { method: 'GET', path: '/v2/team/app/manifests/latest' },
  { method: 'HEAD', path: '/v2/team/app/manifests/latest' },
  { method: 'GET', path: `/v2/team/app/blobs/${DIGEST}` },
  { method: 'DELETE', path: `/v2/team/app/blobs/${DIGEST}` },
  { method: 'DELETE', path: `/v2/team/app/manifests/${DIGEST}` },
  { method: 'POST', path: UPLOAD },
  { method: 'POST', path: `${UPLOAD}?mount=${DIGEST}&from=other/app` },
  { method: 'GET', path: '/v2/team/app/tags/list?from=other/app' },
  { method: 'OPTIONS', path: '/v2/team/app/tags/list' },
];

interface Scheme {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  /** What is sent as `Authorization`, by what it is. */
  readonly credentials: Readonly<Record<string, string | undefined>>;
}

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

describe.skipIf(programs.isUnmet)(
  `Purser and distribution under the same auth section${programs.note}`,
  () => {
    let sandbox: Sandbox;
    let key: TokenKey;
    let server: TokenServer;
    let schemes: readonly Scheme[];

    beforeAll(async () => {
      sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-access-' });
      key = await createTokenKey(sandbox.folder, 'RS256');
      const account = { user: 'alice', password: 'wonderland' };
      server = await TokenServer.start({ service: SERVICE, issuer: ISSUER, ...account }, key);
      const path = join(sandbox.folder, 'htpasswd');
      await writeFile(path, HTPASSWD);
      schemes = [
        { name: 'none', settings: {}, credentials: { nothing: undefined, any: basic('a:b') } },
        sillyScheme(),
        htpasswdScheme(path),
        tokenScheme(server, key),
      ];
    });

    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    });

    it.each(['none', 'silly', 'htpasswd', 'token'])(
      'answer alike with %s: status, code, detail and challenge',
      async (name) => {
        const scheme = schemes.find((each) => each.name === name)!;
        const theirs = await answersOf(sandbox, dockerRegistry(), scheme);
        const ours = await answersOf(sandbox, purser(), scheme);
        expect(Object.keys(theirs)).toHaveLength(
          REQUESTS.length * Object.keys(scheme.credentials).length,
        );
        expect(ours).toEqual(withoutSources(theirs));
      },
    );
  },
);

function sillyScheme(): Scheme {
  return {
    name: 'silly',
    settings: {
      REGISTRY_AUTH: 'silly',
      REGISTRY_AUTH_SILLY_REALM: 'silly-realm',
      REGISTRY_AUTH_SILLY_SERVICE: SERVICE,
    },
    credentials: { nothing: undefined, anything: 'Whatever', empty: '' },
  };
}

function htpasswdScheme(path: string): Scheme {
  return {
    name: 'htpasswd',
    settings: {
      REGISTRY_AUTH: 'htpasswd',
      REGISTRY_AUTH_HTPASSWD_REALM: 'A "quoted" realm',
      REGISTRY_AUTH_HTPASSWD_PATH: path,
    },
    credentials: {
      nothing: undefined,
      'the right password': basic('alice:wonderland'),
      'a wrong password': basic('alice:Wonderland'),
      'no password': basic('alice:'),
      'an unknown user': basic('eve:wonderland'),
      'a user without bcrypt': basic('bob:password'),
      'nobody with nothing': basic(':'),
      'no colon': basic('alice'),
      'no base64': 'Basic ***',
      'a bearer': 'Bearer abc',
    },
  };
}

function tokenScheme(server: TokenServer, key: TokenKey): Scheme {
  const now = Math.floor(Date.now() / 1000);
  const app = (...actions: string[]) => ({ type: 'repository', name: 'team/app', actions });
  const bearer = (access: readonly object[], changed?: object) =>
    `Bearer ${server.issue(access, changed)}`;
  const pull = [app('pull')];
  const byId = (naming: TokenServer['naming']) => {
    server.naming = naming;
    return bearer(pull);
  };
  server.naming = 'x5c';
  return {
    name: 'token',
    settings: {
      REGISTRY_AUTH: 'token',
      REGISTRY_AUTH_TOKEN_REALM: 'https://auth.example/token?a=b',
      REGISTRY_AUTH_TOKEN_SERVICE: SERVICE,
      REGISTRY_AUTH_TOKEN_ISSUER: ISSUER,
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: key.certificatePath,
    },
    credentials: {
      nothing: undefined,
      'a login': bearer([]),
      'to pull': bearer(pull),
      'to push': bearer([app('pull', 'push')]),
      'to delete': bearer([app('delete')]),
      'everything there': bearer([app('*')]),
      'the source, too': bearer([app('pull', 'push'), { ...app('pull'), name: 'other/app' }]),
      'another repository': bearer([{ ...app('*'), name: 'team/apps' }]),
      'the catalog': bearer([{ type: 'registry', name: 'catalog', actions: ['*'] }]),
      'of another type': bearer([{ ...app('*'), type: 'registry' }]),
      expired: bearer(pull, { exp: now - 300 }),
      'not yet valid': bearer(pull, { nbf: now + 300 }),
      'of another issuer': bearer(pull, { iss: 'other' }),
      'for another audience': bearer(pull, { aud: 'other' }),
      'named as libtrust does': byId('libtrust'),
      'named by an unknown id': byId('kid'),
      malformed: 'Bearer a.b.c',
      'changed afterwards': `${bearer(pull).slice(0, -8)}AAAAAAAA`,
      'a password': basic('alice:wonderland'),
    },
  };
}

type Answers = Readonly<Record<string, unknown>>;

/**
 * The answers of distribution, but for the one declared difference: a missing right to pull from the source of a mount never
 * refuses a request that is allowed without it.
 */
function withoutSources(theirs: Answers): Answers {
  return Object.fromEntries(
    Object.entries(theirs).map(([request, answer]) => {
      const plain = theirs[request.replace(/\?\S*from=other\/app/, '')];
      const isAllowed = plain === 'let in' || (plain as { status: number }).status < 400;
      return [request, isAllowed ? plain : answer];
    }),
  );
}

async function answersOf(
  sandbox: Sandbox,
  program: RegistryProgram,
  { name, settings, credentials }: Scheme,
): Promise<Answers> {
  const settled = withSettings(program, settings);
  const registry = await sandbox.start(settled, { root: `${program.name}-${name}` });
  const client = new RegistryClient({ ports: [registry.port] });
  const answers: Record<string, unknown> = {};
  try {
    for (const [credential, authorization] of Object.entries(credentials)) {
      for (const request of REQUESTS) {
        const headers = authorization === undefined ? {} : { authorization };
        const answer = await client.request({ ...request, headers });
        answers[`${request.method} ${request.path} with ${credential}`] = compared(
          answer,
          request.path,
        );
      }
    }
  } finally {
    client.close();
    await registry.stop();
  }
  return answers;
}

/**
 * What both must say alike: of a refusal all of it, else the status and the code. Of a repository that has had uploads
 * and nothing else, one lists no tags and the other knows nothing.
 */
function compared({ status, headers, body }: RegistryAnswer, path: string) {
  const challenge = sorted(headers['www-authenticate']);
  if (path.includes('/tags/list') && [200, 404].includes(status)) return 'let in';
  if (status !== 401) return { status, challenge, code: codeOf(body) };
  return { status, challenge, body: body.toString() };
}

/** distribution writes the actions and the resources of a scope in any order. */
function sorted(challenge: string | string[] | undefined): string | undefined {
  return challenge?.toString().replace(/scope="([^"]*)"/, (_, scope: string) => {
    const resources = scope.split(' ').map((resource) => {
      const [, start = '', actions = ''] = /^(.*:)([^:]*)$/.exec(resource) ?? [];
      return start + actions.split(',').toSorted().join(',');
    });
    return `scope="${resources.toSorted().join(' ')}"`;
  });
}

function codeOf(body: Buffer): string | undefined {
  return /"code":"(\w+)"/.exec(body.toString())?.[1];
}
