import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { createHome } from '../fixtures/home.ts';
import { authFileKeychain, defaultKeychain } from './auth-file-keychain.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const ANN = { username: 'ann', password: 'se:cret' };
const ANN_ENTRY = { auth: base64('ann:se:cret') };

describe('defaultKeychain', () => {
  it('has nothing where there are no files', async () => {
    await using home = await createHome();
    const keychain = defaultKeychain({ environment: home.environment });
    expect(await keychain.credentials('registry.example')).toBeUndefined();
  });

  it('asks the files in their order', async () => {
    await using home = await createHome();
    const auths = (username: string, ...hosts: readonly string[]) => ({
      auths: Object.fromEntries(hosts.map((host) => [host, { username, password: 'x' }])),
    });
    await home.write('.docker/config.json', auths('home', 'a', 'b', 'c', 'd'));
    await home.write('docker/config.json', auths('docker', 'a', 'b', 'c'));
    const named = await home.write('named.json', auths('named', 'a'));
    await home.write('run/containers/auth.json', auths('podman', 'a', 'b', 'c', 'd', 'e'));
    const environment = {
      ...home.environment,
      DOCKER_CONFIG: join(home.root, 'docker'),
      REGISTRY_AUTH_FILE: named,
      XDG_RUNTIME_DIR: join(home.root, 'run'),
    };
    const found = async (host: string, settings: NodeJS.ProcessEnv) => {
      const credentials = await defaultKeychain({ environment: settings }).credentials(host);
      return (credentials as { username?: string } | undefined)?.username;
    };
    expect(await found('a', environment)).toBe('named');
    expect(await found('b', environment)).toBe('docker');
    expect(await found('d', environment)).toBe('podman');
    expect(await found('d', home.environment)).toBe('home');
    expect(await found('e', home.environment)).toBeUndefined();
  });
});

describe('authFileKeychain', () => {
  const ask = async (file: unknown, host: string, repository?: string) => {
    await using home = await createHome();
    const keychain = authFileKeychain(await home.write('auth.json', file), home);
    return await keychain.credentials(host, { repository });
  };

  for (const [what, entry, expected] of [
    ['a user and a password', ANN_ENTRY, ANN],
    ['a password filled with zeros', { auth: base64('ann:se:cret\0\0') }, ANN],
    ['names in plain text', ANN, ANN],
    ['an identity token', { ...ANN_ENTRY, identitytoken: 'i' }, { identityToken: 'i' }],
    ['an access token', { registrytoken: 'r' }, { registryToken: 'r' }],
    ['nothing, as helpers leave it', {}, undefined],
    ['what is not text', { auth: 7, identitytoken: ['x'] }, undefined],
    ['what is no entry', 'ann', undefined],
  ] as const) {
    it(`reads ${what}`, async () => {
      expect(await ask({ auths: { 'registry.example': entry } }, 'registry.example')).toEqual(
        expected,
      );
    });
  }

  for (const [key, host, repository] of [
    ['https://index.docker.io/v1/', 'registry-1.docker.io', 'library/debian'],
    ['docker.io', 'registry-1.docker.io', undefined],
    ['https://registry.example/v2/', 'registry.example', 'a/b'],
    ['registry.example/a', 'registry.example', 'a/b'],
    ['http://registry.example:5000', 'registry.example:5000', undefined],
  ] as const) {
    it(`finds ${key} for ${host}`, async () => {
      expect(await ask({ auths: { [key]: ANN_ENTRY } }, host, repository)).toEqual(ANN);
    });
  }

  for (const file of ['not json', '[]', '"x"']) {
    it(`fails with UNAUTHORIZED for a file with ${file}, and does not show it`, async () => {
      const failure = await failureOf(ask(file, 'registry.example'));
      expect(failure).toMatchObject({ code: 'UNAUTHORIZED' });
      expect(failure.message).toMatch(/cannot be read from .*auth.json: it is no JSON object$/);
      expect(failure.cause).toBeUndefined();
    });
  }

  it('passes over what breaks the form', async () => {
    for (const file of [{ auths: [] }, { auths: null, credHelpers: 3, credsStore: {} }]) {
      expect(await ask(file, 'registry.example')).toBeUndefined();
    }
    const polluted = '{"auths":{"__proto__":{"auth":"YTpi"}},"__proto__":{"credsStore":"x"}}';
    expect(await ask(polluted, 'registry.example')).toBeUndefined();
  });

  it('fails with UNAUTHORIZED for a file that cannot be read', async () => {
    await using home = await createHome();
    const asked = authFileKeychain(home.root).credentials('registry.example');
    await expect(asked).rejects.toMatchObject({ code: 'UNAUTHORIZED', cause: { code: 'EISDIR' } });
  });
});

describe('authFileKeychain with a helper', () => {
  /** Prints what it was asked, and counts. */
  const ANSWERING = `read key; echo "$1 $key" >> "$HOME/calls"
printf '{"ServerURL":"%s","Username":"%s","Secret":"of %s"}' "$key" "\${0##*-}" "$key"`;

  it('runs that of the registry, or that of all, once for many repositories', async () => {
    await using home = await createHome();
    await home.install('docker-credential-one', ANSWERING);
    await home.install('docker-credential-all', ANSWERING);
    const path = await home.write('auth.json', {
      credHelpers: { 'one.example': 'one' },
      credsStore: 'all',
    });
    const keychain = authFileKeychain(path, home);
    const asked = Array.from({ length: 5 }, (_, index) =>
      keychain.credentials('one.example', { repository: `a/${index}` }),
    );
    expect(new Set((await Promise.all(asked)).map((each) => JSON.stringify(each)))).toEqual(
      new Set([JSON.stringify({ username: 'one', password: 'of one.example' })]),
    );
    expect(await keychain.credentials('registry-1.docker.io')).toEqual({
      username: 'all',
      password: 'of https://index.docker.io/v1/',
    });
    await keychain.credentials('one.example', { fresh: true });
    expect((await home.read('calls')).trim().split('\n')).toEqual([
      'get one.example',
      'get https://index.docker.io/v1/',
      'get one.example',
    ]);
  });

  const helped = async (script: string, helperTimeoutMs = 5000) => {
    await using home = await createHome();
    await home.install('docker-credential-test', script);
    const auths = { 'registry.example': ANN_ENTRY };
    const path = await home.write('auth.json', { auths, credsStore: 'test' });
    const { environment } = home;
    return await authFileKeychain(path, { environment, helperTimeoutMs }).credentials(
      'registry.example',
    );
  };

  it('takes what stands in the file when the helper has nothing', async () => {
    const script = 'echo "credentials not found in native keychain"; exit 1';
    expect(await helped(script)).toEqual(ANN);
  });

  it('knows identity tokens', async () => {
    const script = `echo '{"Username":"<token>","Secret":"t"}'`;
    expect(await helped(script)).toEqual({ identityToken: 't' });
  });

  for (const [what, script, message] of [
    ['fails', 'echo "locked \u001b[0m" >&2; exit 3', /failed \(3\): locked {2}\[0m$/],
    ['answers no JSON', 'echo secret', /answers what cannot be read$/],
    ['answers half', `echo '{"Username":"secret"}'`, /answers what cannot be read$/],
    ['answers without end', 'while :; do echo aaaaaaaaaaaaaaaa; done', /answers too much$/],
  ] as const) {
    it(`fails with UNAUTHORIZED when the helper ${what}`, async () => {
      const failure = await failureOf(helped(script));
      expect(failure).toMatchObject({ code: 'UNAUTHORIZED' });
      expect(failure.message).toMatch(message);
      expect(failure.message).not.toContain('secret');
    });
  }

  it('kills a helper that does not end', async () => {
    const failure = await failureOf(helped('exec sleep 600', 200));
    expect(failure.message).toBe('docker-credential-test did not end in time');
  });

  it('fails with UNAUTHORIZED for a helper that is not there, or whose name is none', async () => {
    await using home = await createHome();
    for (const [name, message] of [
      ['nobody-has-it', 'docker-credential-nobody-has-it is not installed, or not on PATH'],
      ['../../bin/sh', '"../../bin/sh" is no name of a credential helper'],
    ] as const) {
      const path = await home.write('auth.json', { credsStore: name });
      const asked = authFileKeychain(path, home).credentials('registry.example');
      await expect(asked).rejects.toMatchObject({ code: 'UNAUTHORIZED', message });
    }
  });

  it('ends with the reason of the signal', async () => {
    await using home = await createHome();
    await home.install('docker-credential-test', 'exec sleep 600');
    const path = await home.write('auth.json', { credsStore: 'test' });
    const end = new AbortController();
    const asked = authFileKeychain(path, home).credentials('a', { signal: end.signal });
    const reason = new Error('enough');
    end.abort(reason);
    expect(await failureOf(asked)).toBe(reason);
  });
});
