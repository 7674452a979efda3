import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createRegistryClient, fixedKeychain, type TransportReport } from '@purser/client';
import { createManifestDecoder, parseRepositoryName } from '@purser/core';
import { ociFormats } from '@purser/manifest-oci';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { createSilentLogger } from './observe/logger.ts';
import { startRegistry } from './start-registry.ts';

/** `wonderland`, of cost 4. */
const ALICE = 'alice:$2b$04$FD7bmGkQht0vq5FIlD7VSOZ6hCrXrjv2XCI/j/AF3117b.DC44qum';
const decoder = createManifestDecoder(ociFormats);
const app = parseRepositoryName('team/app');
const other = parseRepositoryName('team/other');

/** A client of a server, with a password or without. */
function clientOf(url: string, password?: string, observer?: (report: TransportReport) => void) {
  const { host } = new URL(url);
  const credentials = fixedKeychain(
    password === undefined ? {} : { [host]: { username: 'alice', password } },
  );
  const retries = { attempts: 1 };
  return createRegistryClient({ registry: new URL(url), decoder, credentials, retries, observer });
}

/** Gives alice all that she asks for, and to others what they pull. Its keys are at `/jwks`. */
async function startTokenServer() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const tokenFor = (account: string, scopes: readonly string[], audience: string | null) => {
    const access = scopes.map((scope) => {
      const [type, name, actions = ''] = scope.split(':');
      const all = actions.split(',');
      const granted = account === 'alice' ? all : all.filter((action) => action === 'pull');
      return { type, name, actions: granted };
    });
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'issuer', sub: account, aud: audience, exp: now + 300, nbf: now, access };
    const signed = `${encode({ alg: 'ES256', typ: 'JWT', kid: 'a' })}.${encode(claims)}`;
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    if (url.pathname === '/jwks') {
      response.end(
        JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a' }] }),
      );
      return;
    }
    const isAlice = request.headers.authorization === `Basic ${btoa('alice:wonderland')}`;
    const account = isAlice ? 'alice' : '';
    const { searchParams: asked } = url;
    const token = tokenFor(account, asked.getAll('scope'), asked.get('service'));
    response.end(JSON.stringify({ token, expires_in: 300 }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('a server that asks who is there', () => {
  let directory: Awaited<ReturnType<typeof createTemporaryDirectory>>;
  const logger = createSilentLogger();

  beforeEach(async () => {
    directory = await createTemporaryDirectory();
  });
  afterEach(() => directory[Symbol.asyncDispose]());

  it('by htpasswd lets the client in that has the password, and no other', async () => {
    const path = join(directory.path, 'htpasswd');
    await writeFile(path, ALICE);
    await using registry = await startRegistry({
      auth: { htpasswd: { realm: 'r', path } },
      logger,
    });
    await using alice = clientOf(registry.url, 'wonderland');
    await alice.check();
    const { digest } = await alice.repository(app).blobs.put(Buffer.from('content'));
    expect(await text(await alice.repository(app).blobs.open(digest))).toBe('content');
    for (const password of ['looking-glass', undefined]) {
      await using client = clientOf(registry.url, password);
      await expect(client.check()).rejects.toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
      const put = client.repository(app).blobs.put(Buffer.from('content'));
      await expect(put).rejects.toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
    }
  });

  it('by tokens lets the client do what it has tokens for, one for each set of scopes', async () => {
    await using tokens = await startTokenServer();
    const realm = `${tokens.url}/token`;
    const token = { realm, service: 'registry.test', issuer: 'issuer', jwks: `${tokens.url}/jwks` };
    await using registry = await startRegistry({ auth: { token }, logger });
    const asked: string[] = [];
    await using alice = clientOf(registry.url, 'wonderland', (report) => {
      if (report.kind === 'token') asked.push(report.scopes.join(' '));
    });
    await alice.check();
    const { blobs } = alice.repository(app);
    const { digest } = await blobs.put(Buffer.from('content'));
    await blobs.put(Buffer.from('more content'));
    expect(await alice.repository(other).blobs.mount(digest, { from: app })).toMatchObject({
      digest,
    });
    expect(await text(await blobs.open(digest))).toBe('content');
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked).toContain('repository:team/app:pull repository:team/other:pull,push');

    await using anonymous = clientOf(registry.url);
    expect(await text(await anonymous.repository(app).blobs.open(digest))).toBe('content');
    const put = anonymous.repository(app).blobs.put(Buffer.from('x'));
    await expect(put).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });
});
