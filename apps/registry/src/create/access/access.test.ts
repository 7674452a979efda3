import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allowAll, parseRepositoryName } from '@purser/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthInput } from '../../config/auth-section.ts';
import { createTemporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { createConfig } from '../../config/load.ts';
import { createLogger, createSilentLogger } from '../../observe/logger.ts';
import { startRegistry, type StartRegistryOptions } from '../../start-registry.ts';
import { createAccess, type ServerAccess } from './access.ts';
import { StartError } from '../start-error.ts';

/** `wonderland`, of cost 4. */
const ALICE = 'alice:$2b$04$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum';
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('access to a server', () => {
  let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
  let path = '';
  let lines: string[] = [];

  beforeEach(async () => {
    directory = await createTemporaryDirectory();
    path = join(directory.path, 'users', 'htpasswd');
    lines = [];
  });
  afterEach(() => directory[Symbol.asyncDispose]());

  const start = (auth: AuthInput, more: StartRegistryOptions = {}) => {
    const logger = createLogger(
      {
        level: 'info',
        formatter: 'json',
        fields: {},
        accesslog: { disabled: true, probes: false },
      },
      { write: (line) => lines.push(line) },
    );
    return startRegistry({ auth, logger, ...more });
  };
  const statusOf = async (url: string, authorization?: string) =>
    (await fetch(url, authorization === undefined ? {} : { headers: { authorization } })).status;

  it('is made for one user when the password file is missing, and the password is told once', async () => {
    await using registry = await start({ htpasswd: { realm: 'r', path } });
    const told = lines.map((line) => JSON.parse(line)).filter(({ password }) => password);
    expect(told).toMatchObject([
      {
        level: 'warning',
        msg: 'htpasswd is missing, provisioning with default user',
        user: 'docker',
      },
    ]);
    const { user, password } = told[0];
    expect(await statusOf(`${registry.url}/v2/`, basic(user, password))).toBe(200);
    expect(await statusOf(`${registry.url}/v2/`, basic(user, 'wrong'))).toBe(401);
    expect(await readFile(path, 'utf8')).not.toContain(password);
  });

  it('follows its password file', async () => {
    const file = join(directory.path, 'htpasswd');
    await writeFile(file, ALICE);
    await using registry = await start({ htpasswd: { realm: 'r', path: file } });
    const login = () => statusOf(`${registry.url}/v2/`, basic('alice', 'wonderland'));
    expect(await login()).toBe(200);
    await writeFile(file, '# nobody\n');
    expect(await login()).toBe(401);
    expect(lines.join('')).toContain('there are no users in the password file: nobody can log in');
    await writeFile(file, ALICE);
    await registry.reload();
    expect(await login()).toBe(200);
  });

  it('tells the log who asked, and never his secret', async () => {
    const file = join(directory.path, 'htpasswd');
    await writeFile(file, ALICE);
    const registry = await start({ htpasswd: { realm: 'r', path: file } });
    await statusOf(`${registry.url}/v2/`, basic('alice', 'wonderland'));
    await statusOf(`${registry.url}/v2/`, basic('alice', 'sEcReT'));
    await writeFile(file, 'sEcReT line');
    await statusOf(`${registry.url}/v2/`, basic('alice', 'wonderland'));
    await registry.close();
    const all = lines.join('');
    expect(all).toContain('"auth.user.name":"alice"');
    expect(all).toContain('invalid entry at line 1');
    for (const secret of ['wonderland', 'sEcReT', basic('alice', 'sEcReT').slice(6)]) {
      expect(all).not.toContain(secret);
    }
  });

  it('is that of a program, if it brings its own', async () => {
    await using registry = await startRegistry({
      auth: { silly: { realm: 'r', service: 's' } },
      access: allowAll,
    });
    expect(await statusOf(`${registry.url}/v2/`)).toBe(200);
  });

  it('is by tokens whose keys are read again', async () => {
    const file = join(directory.path, 'jwks.json');
    const keys = () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a' }] });
    };
    await writeFile(file, keys());
    const token = { realm: 'https://a/t', service: 's', issuer: 'i', jwks: file };
    await using registry = await start({ token });
    const response = await fetch(`${registry.url}/v2/a/tags/list`);
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer realm="https://a/t",service="s",scope="repository:a:pull"',
    );
    await writeFile(file, keys());
    await registry.reload();
    await writeFile(file, '{"keys":[]}');
    await expect(registry.reload()).rejects.toThrow('there is no public key in it');
  });

  it('starts without the server that has the keys, and says so', async () => {
    const server = createServer((_, response) => response.writeHead(500).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
    await using registry = await start({ token: { realm: 'r', service: 's', issuer: 'i', jwks } });
    expect(await statusOf(`${registry.url}/v2/`)).toBe(401);
    expect(lines.join('')).toContain('cannot fetch auth.token.jwks');
    server.closeAllConnections();
    server.close();
  });

  describe('whose configuration changes', () => {
    const authOf = (auth: AuthInput) => createConfig({ auth });
    const isLetIn = async ({ controller }: ServerAccess) => {
      const caller = await controller!.identify({ authorization: basic('alice', 'wonderland') });
      const pull = { type: 'repository', name: parseRepositoryName('a'), action: 'pull' } as const;
      return (await caller.refusalOf([pull])) === undefined;
    };
    const startWith = async (auth: AuthInput) =>
      createAccess(authOf(auth).auth, createSilentLogger());

    it('takes another policy, when it takes effect and not before', async () => {
      const file = join(directory.path, 'htpasswd');
      await writeFile(file, ALICE);
      const access = await startWith({ htpasswd: { realm: 'r', path: file } });
      const [part] = access.reloadable;
      const policy = [{ repositories: ['a'], users: ['*'], allow: [] }];
      const prepared = await part!.prepare(
        authOf({ htpasswd: { realm: 'r', path: file, policy } }),
      );
      expect(await isLetIn(access)).toBe(true);
      prepared.takeEffect();
      expect(await isLetIn(access)).toBe(false);
      access.close();
    });

    it('keeps what it has when the other cannot be used, or is let go', async () => {
      const file = join(directory.path, 'htpasswd');
      await writeFile(file, ALICE);
      const access = await startWith({ htpasswd: { realm: 'r', path: file } });
      const [part] = access.reloadable;
      const missing = join(directory.path, 'nowhere');
      const token = { realm: 'r', service: 's', issuer: 'i', jwks: missing };
      await expect(part!.prepare(authOf({ token }))).rejects.toThrow('there is no such file');
      const prepared = await part!.prepare(authOf({ silly: { realm: 'r', service: 's' } }));
      prepared.discard!();
      expect(await isLetIn(access)).toBe(true);
      access.close();
    });

    it('is not taken away, nor begun, without a restart', async () => {
      const access = await startWith({ silly: { realm: 'r', service: 's' } });
      const reloading = access.reloadable[0]!.prepare(createConfig());
      await expect(reloading).rejects.toThrow('auth: to let everyone in takes a restart');
      expect((await startWith({ none: {} })).reloadable).toEqual([]);
    });
  });

  it.each<[string, (folder: string) => AuthInput, string]>([
    [
      'a password file that is a directory',
      (folder) => ({ htpasswd: { realm: 'r', path: folder } }),
      'auth.htpasswd.path',
    ],
    [
      'a bundle that is missing',
      (folder) => ({
        token: { realm: 'r', service: 's', issuer: 'i', rootcertbundle: join(folder, 'none') },
      }),
      'there is no such file',
    ],
    [
      'keys over plain http',
      () => ({ token: { realm: 'r', service: 's', issuer: 'i', jwks: 'http://auth.example/' } }),
      'cannot use auth.token.jwks',
    ],
    [
      'a rule with a glob that is none',
      (folder) => ({
        htpasswd: {
          realm: 'r',
          path: join(folder, 'htpasswd'),
          policy: [{ repositories: ['Team/*'], users: ['*'], allow: ['pull'] }],
        },
      }),
      'rule 1 names no glob such as team/*: Team/*',
    ],
  ])('is refused for %s', async (_, auth, message) => {
    const starting = start(auth(directory.path));
    await expect(starting).rejects.toThrow(StartError);
    await expect(starting).rejects.toThrow(message);
  });
});
