import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load.ts';
import { createServer } from '../create/server.ts';
import { prepareRootDirectory } from '../create/storage/root-directory.ts';
import { runCommand } from '../fixtures/run-command.ts';
import { createTemporaryDirectory } from '../fixtures/temporary-directory.ts';
import { createSilentLogger } from '../observe/logger.ts';

/** `wonderland`, of cost 4. */
const HASH = '$2b$04$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum';
const TOKEN = 'realm: "https://auth.example/token", service: s, issuer: i';

let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
let file = '';

beforeEach(async () => {
  directory = await createTemporaryDirectory();
  file = join(directory.path, 'config.yml');
  await writeFile(join(directory.path, 'text'), 'this is text\n');
});
afterEach(() => directory[Symbol.asyncDispose]());

async function check(text: string, ...words: readonly string[]) {
  const whole = text.includes('storage:') ? text : `storage: inmemory\n${text}`;
  await writeFile(file, `version: 0.1\n${whole}`.replaceAll('DIR', directory.path));
  return runCommand(['config', 'check', file, ...words]);
}

/** The reason why a server does not start. */
async function startFailure(): Promise<string> {
  const { config } = await loadConfig({ path: file });
  const started = prepareRootDirectory(config.storage).then(() =>
    createServer(config, { logger: createSilentLogger() }),
  );
  return started.then(
    async (server) => `started, ${await server.close(0)}`,
    (error: Error) => error.message,
  );
}

describe('purser config check', { timeout: 60_000 }, () => {
  it.each([
    ['a certificate', 'http: { tls: { certificate: DIR/none.crt, key: DIR/none.key } }'],
    ['a certificate that is none', 'http: { tls: { certificate: DIR/text, key: DIR/text } }'],
    ['a root directory', 'storage: { filesystem: { rootdirectory: DIR/text/below } }'],
    ['a root directory that is a file', 'storage: { filesystem: { rootdirectory: DIR/text } }'],
    ['a password file', 'auth: { htpasswd: { realm: r, path: DIR } }'],
    ['a malformed password file', 'auth: { htpasswd: { realm: r, path: DIR/text } }'],
    ['certificates of tokens', `auth: { token: { ${TOKEN}, rootcertbundle: DIR/none } }`],
    ['a key set', `auth: { token: { ${TOKEN}, jwks: DIR/text } }`],
    ['a signing key', 'compatibility: { schema1: { enabled: true, signingkeyfile: DIR/none } }'],
    ['a driver module', 'storage: { mine: { module: ./no/such/driver.js } }'],
    ['a spool directory', 'proxy: { remoteurl: "https://r.example", spooldirectory: DIR/text/s }'],
    [
      'a key of Redis',
      `storage: { inmemory: , cache: { blobdescriptor: redis } }
redis: { addrs: [localhost:1], tls: { enabled: true, rootcas: [DIR/none] } }`,
    ],
  ])('finds %s that cannot be used, with the message of a start', async (_, text) => {
    const { status, errors, output } = await check(text);
    const reason = await startFailure();
    expect(reason).not.toMatch(/^started/);
    // A start makes directories, where a check looks at them.
    const withoutCall = (message: string) => message.replace(/, (?:mkdir|stat) '[^']*'/, '');
    expect({ status, errors: withoutCall(errors), output }).toEqual({
      status: 1,
      errors: `${withoutCall(reason)}\n${file}: 1 problem; a server would not start\n`,
      output: '',
    });
    expect(await check(text, '--no-files')).toMatchObject({ status: 0, errors: '' });
  });

  it('finds an outbox that cannot be used, and every other problem with it', async () => {
    const { status, errors } = await check(`
auth: { htpasswd: { realm: r, path: DIR } }
notifications:
  endpoints: [{ name: ci, url: "http://ci.example" }]
  outbox: { directory: DIR/text/outbox }
`);
    expect(status).toBe(1);
    expect(errors).toMatch(
      /cannot use auth\.htpasswd\.path.*\ncannot keep events in notifications\.outbox\.directory.*\n.*2 problems/,
    );
  });

  it('makes nothing that a start would make', async () => {
    const { status, errors } = await check(`
storage: { filesystem: { rootdirectory: DIR/data/registry } }
auth: { htpasswd: { realm: r, path: DIR/users/htpasswd } }
proxy: { upstreams: [{ prefix: quay.io, remoteurl: "https://quay.io" }] }
notifications:
  endpoints: [{ name: ci, url: "http://ci.example" }]
  outbox: { directory: DIR/outbox }
`);
    expect({ status, errors }).toEqual({
      status: 0,
      errors: `warning: auth.htpasswd.path: there is no ${directory.path}/users/htpasswd: a server makes it, with one user and a random password\n`,
    });
    expect((await readdir(directory.path)).toSorted()).toEqual(['config.yml', 'text']);
  });

  it('names users that cannot log in, without their hashes', async () => {
    const users = `ann:${HASH}\nbob:$apr1$salt$0123456789abcdefghijkl\neve:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n`;
    await writeFile(join(directory.path, 'htpasswd'), users);
    const { errors } = await check('auth: { htpasswd: { realm: r, path: DIR/htpasswd } }');
    expect(errors).toBe(
      `warning: auth.htpasswd.path: 2 of 3 users of ${directory.path}/htpasswd cannot log in: bob (MD5 (apr1)), eve (SHA-1); only bcrypt is accepted: htpasswd -B FILE USER\n`,
    );
    await writeFile(join(directory.path, 'htpasswd'), '# nobody yet\n');
    expect((await check('auth: { htpasswd: { realm: r, path: DIR/htpasswd } }')).errors).toContain(
      'there are no users in',
    );
  });

  it('names deprecated keys, with their places', async () => {
    const { status, errors } = await check(
      'loglevel: debug\nstorage: { inmemory: , cache: { layerinfo: inmemory } }\n',
      '--strict',
    );
    expect(status).toBe(1);
    expect(errors).toBe(
      `warning: ${file}:2:11: loglevel: deprecated: write log.level
warning: ${file}:3:44: storage.cache.layerinfo: deprecated: write storage.cache.blobdescriptor
`,
    );
  });

  it('says where a written key means something else than in distribution', async () => {
    const { output } = await check('http: { secret: hunter2, draintimeout: 1s }');
    const lines = output.split('\n').filter((line) => line.includes('unlike distribution'));
    expect(lines).toEqual([
      expect.stringMatching(
        /unlike distribution: .*config\.yml:3:17: http\.secret: signs no upload/,
      ),
    ]);
    expect(output).not.toContain('hunter2');
  });
});
