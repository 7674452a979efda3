import { readdir, readlink, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { createHome } from '../fixtures/home.ts';
import { authFileKeychain, defaultKeychain } from './auth-file-keychain.ts';
import { createCredentialStore } from './credential-store.ts';

const ANN = { username: 'ann', password: 'se:cret ü' };

describe('createCredentialStore', () => {
  it('keeps what the keychain finds, and forgets it', async () => {
    await using home = await createHome();
    const store = createCredentialStore(home);
    const keychain = defaultKeychain(home);
    for (const [host, credentials] of [
      ['registry.example:5000', ANN],
      ['docker.io', { identityToken: 'i' }],
      ['__proto__', { registryToken: 'r' }],
    ] as const) {
      const at = await store.store(host, credentials);
      expect(at).toEqual({ path: join(home.root, '.docker/config.json'), helper: undefined });
      expect(await keychain.credentials(host)).toEqual(credentials);
    }
    expect(await store.erase('registry-1.docker.io')).toBe(true);
    expect(await store.erase('docker.io')).toBe(false);
    expect(await keychain.credentials('docker.io')).toBeUndefined();
    expect(await keychain.credentials('registry.example:5000')).toEqual(ANN);
  });

  it('leaves all else in the file as it is', async () => {
    await using home = await createHome();
    const file = {
      HttpHeaders: { 'X-Meta': 'x' },
      auths: { 'registry.example/team': { auth: 'YTpi' }, 'https://registry.example/v1/': {} },
      psFormat: 'table',
    };
    const path = await home.write('auth.json', file);
    const store = createCredentialStore({ path });
    await store.store('registry.example', ANN);
    expect(JSON.parse(await home.read('auth.json'))).toEqual({
      ...file,
      auths: {
        'registry.example/team': { auth: 'YTpi' },
        'registry.example': { auth: Buffer.from(`ann:${ANN.password}`).toString('base64') },
      },
    });
    await store.erase('registry.example');
    const left = { ...file, auths: { 'registry.example/team': { auth: 'YTpi' } } };
    expect(JSON.parse(await home.read('auth.json'))).toEqual(left);
  });

  it('writes a file that its owner alone can read, and leaves no other', async () => {
    await using home = await createHome();
    const path = await home.write('open/auth.json', {});
    expect((await stat(path)).mode & 0o077).not.toBe(0);
    await createCredentialStore({ path }).store('registry.example', ANN);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(home.root, 'open'))).toEqual(['auth.json']);
    const fresh = join(home.root, 'new', 'auth.json');
    await createCredentialStore({ path: fresh }).store('registry.example', ANN);
    expect((await stat(join(home.root, 'new'))).mode & 0o777).toBe(0o700);
  });

  it('keeps a file that is a link one', async () => {
    await using home = await createHome();
    const target = await home.write('settings/config.json', {});
    const path = join(home.root, 'config.json');
    await symlink(target, path);
    await createCredentialStore({ path }).store('registry.example', ANN);
    expect(await readlink(path)).toBe(target);
    expect(await authFileKeychain(target).credentials('registry.example')).toEqual(ANN);
  });

  it('does not touch a file that it cannot read', async () => {
    await using home = await createHome();
    const path = await home.write('auth.json', '{"auths": {');
    const store = createCredentialStore({ path });
    await expect(store.store('registry.example', ANN)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    expect(await home.read('auth.json')).toBe('{"auths": {');
  });
});

describe('createCredentialStore with a helper', () => {
  /** Keeps one thing. */
  const KEEPING = `case $1 in
store) cat > "$HOME/kept";;
get) if [ -f "$HOME/kept" ]; then cat "$HOME/kept"; else echo credentials not found in native keychain; exit 1; fi;;
erase) if [ -f "$HOME/kept" ]; then rm "$HOME/kept"; else echo credentials not found in native keychain; exit 1; fi;;
esac`;

  it('keeps credentials there, and none in the file', async () => {
    await using home = await createHome();
    await home.install('docker-credential-test', KEEPING);
    const path = await home.write('.docker/config.json', { credsStore: 'test' });
    const store = createCredentialStore(home);
    expect(await store.store('registry.example', ANN)).toEqual({ path, helper: 'test' });
    expect(JSON.parse(await home.read('kept'))).toEqual({
      ServerURL: 'registry.example',
      Username: 'ann',
      Secret: ANN.password,
    });
    expect(JSON.parse(await home.read('.docker/config.json'))).toEqual({
      credsStore: 'test',
      auths: { 'registry.example': {} },
    });
    expect(await defaultKeychain(home).credentials('registry.example')).toEqual(ANN);
    expect(await store.erase('registry.example')).toBe(true);
    expect(await store.erase('registry.example')).toBe(false);
    expect(await defaultKeychain(home).credentials('registry.example')).toBeUndefined();
  });

  it('does not keep what helpers do not', async () => {
    await using home = await createHome();
    await home.install('docker-credential-test', KEEPING);
    await home.write('.docker/config.json', { credHelpers: { 'registry.example': 'test' } });
    const store = createCredentialStore(home);
    const failure = await failureOf(store.store('registry.example', { registryToken: 'r' }));
    expect(failure).toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('tells nobody what the helper could not keep', async () => {
    await using home = await createHome();
    await home.install('docker-credential-test', 'exit 7');
    const before = await home.write('.docker/config.json', { credsStore: 'test' });
    const failure = await failureOf(createCredentialStore(home).store('registry.example', ANN));
    expect(failure.message).toBe('docker-credential-test failed (7)');
    expect(await authFileKeychain(before, home).credentials('x').catch(String)).toContain('failed');
    expect(await home.read('.docker/config.json')).toBe('{"credsStore":"test"}');
  });
});
