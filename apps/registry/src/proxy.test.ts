import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConfigInput } from './config/schema.ts';
import { createTemporaryDirectory } from './fixtures/temporary-directory.ts';
import { startRegistry } from './start-registry.ts';

const IMAGE = 'application/vnd.oci.image.manifest.v1+json';

interface PushedImage {
  readonly manifest: string;
  readonly digest: string;
  readonly layer: Uint8Array;
  readonly layerDigest: string;
}

function digestOf(content: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

async function pushBlob(url: string, name: string, content: Uint8Array): Promise<string> {
  const digest = digestOf(content);
  const answer = await fetch(`${url}/v2/${name}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: content as Uint8Array<ArrayBuffer>,
  });
  expect(answer.status).toBe(201);
  return digest;
}

async function pushImage(url: string, name: string, size = 1_000_000): Promise<PushedImage> {
  const layer = randomBytes(size);
  const config = Buffer.from(JSON.stringify({ created: String(Math.random()) }));
  const [configDigest, layerDigest] = await Promise.all([
    pushBlob(url, name, config),
    pushBlob(url, name, layer),
  ]);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: IMAGE,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: configDigest,
      size: config.byteLength,
    },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layerDigest, size }],
  });
  const answer = await fetch(`${url}/v2/${name}/manifests/latest`, {
    method: 'PUT',
    headers: { 'Content-Type': IMAGE },
    body: manifest,
  });
  expect(answer.status).toBe(201);
  return { manifest, digest: digestOf(manifest), layer, layerDigest };
}

async function bytesOf(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

const LOOPBACK: ConfigInput = { http: { addr: '127.0.0.1:0' } };

/** What is pulled is stored a little later. */
const SOON = { timeout: 20_000 };

describe('a registry with an upstream', () => {
  it('fetches a blob anew that is damaged in its storage, once that was found out', async () => {
    await using directory = await createTemporaryDirectory();
    await using upstream = await startRegistry(LOOPBACK);
    const { layer, layerDigest } = await pushImage(upstream.url, 'team/app');
    await using proxy = await startRegistry({
      ...LOOPBACK,
      proxy: { remoteurl: upstream.url },
      storage: { filesystem: { rootdirectory: directory.path } },
    });
    const url = `${proxy.url}/v2/team/app/blobs/${layerDigest}`;
    expect(digestOf(await bytesOf(url))).toBe(layerDigest);
    const hex = layerDigest.slice('sha256:'.length);
    const root = join(directory.path, 'docker/registry/v2');
    const path = join(root, 'blobs/sha256', hex.slice(0, 2), hex, 'data');
    const link = join(root, 'repositories/team/app/_layers/sha256', hex, 'link');
    const stored = () => readFile(path).then(digestOf, () => undefined);
    // Until it has its link, it is fetched.
    await expect.poll(() => readFile(link, 'utf8').catch(() => undefined), SOON).toBe(layerDigest);
    expect(await stored()).toBe(layerDigest);
    const damaged = Buffer.from(layer);
    damaged[0]! ^= 1;
    await writeFile(path, damaged);
    // The fetch may not have ended yet, and gives what it brought.
    const pulled = () => bytesOf(url).catch((error: Error) => error.message);
    await expect.poll(pulled, SOON).toBe('terminated');
    expect(digestOf(await bytesOf(url))).toBe(layerDigest);
    await expect.poll(stored, SOON).toBe(layerDigest);
  });

  it('serves what upstream has, and goes on without it, saying so', async () => {
    await using upstream = await startRegistry(LOOPBACK);
    const { manifest, digest, layer, layerDigest } = await pushImage(upstream.url, 'team/app');
    await using proxy = await startRegistry({ ...LOOPBACK, proxy: { remoteurl: upstream.url } });
    const base = `${proxy.url}/v2/team/app`;

    const head = await fetch(`${base}/blobs/${layerDigest}`, { method: 'HEAD' });
    expect(head.headers.get('Content-Length')).toBe(String(layer.byteLength));
    const answer = await fetch(`${base}/manifests/latest`);
    expect(answer.headers.get('Docker-Content-Digest')).toBe(digest);
    expect(answer.headers.get('Warning')).toBeNull();
    expect(await answer.text()).toBe(manifest);
    expect(await bytesOf(`${base}/blobs/${layerDigest}`)).toEqual(layer);
    const listing = await fetch(`${base}/tags/list`);
    expect(await listing.json()).toEqual({ name: 'team/app', tags: ['latest'] });

    await upstream.close();
    const stale = await fetch(`${base}/manifests/latest`);
    expect(stale.headers.get('Warning')).toContain('299 - "127.0.0.1:');
    expect(await stale.text()).toBe(manifest);
    const missing = await fetch(`${base}/manifests/other`);
    expect(missing.status).toBe(503);
  }, 60_000);

  it('refuses every push', async () => {
    await using upstream = await startRegistry(LOOPBACK);
    await using proxy = await startRegistry({
      ...LOOPBACK,
      proxy: { remoteurl: upstream.url },
      storage: { inmemory: {}, delete: { enabled: true } },
    });
    const { digest } = await pushImage(upstream.url, 'a');
    const base = `${proxy.url}/v2/a`;
    const attempts = [
      ['POST', `${base}/blobs/uploads/`],
      ['POST', `${base}/blobs/uploads/?mount=${digest}&from=b`],
      ['DELETE', `${base}/manifests/latest`],
      ['DELETE', `${base}/manifests/${digest}`],
      ['DELETE', `${base}/blobs/${digest}`],
    ] as const;
    for (const [method, url] of attempts) {
      const answer = await fetch(url, { method });
      expect([method, url, answer.status]).toEqual([method, url, 405]);
      expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] });
    }
  });

  it('keeps on disk what it pulled, and until when, as distribution does', async () => {
    await using upstream = await startRegistry(LOOPBACK);
    const { manifest, digest, layer, layerDigest } = await pushImage(upstream.url, 'team/app');
    await using temporary = await createTemporaryDirectory();
    const directory = temporary.path;
    const config: ConfigInput = {
      ...LOOPBACK,
      storage: { filesystem: { rootdirectory: directory } },
      proxy: { remoteurl: upstream.url, spooldirectory: join(directory, 'spool') },
    };
    {
      await using proxy = await startRegistry(config);
      const base = `${proxy.url}/v2/team/app`;
      await fetch(`${base}/manifests/latest`);
      expect(await bytesOf(`${base}/blobs/${layerDigest}`)).toEqual(layer);
      await expect
        .poll(() => readStored(directory, layerDigest), { timeout: 20_000 })
        .toEqual(layer);
    }
    const state: unknown = JSON.parse(
      await readFile(join(directory, 'scheduler-state.json'), 'utf8'),
    );
    expect(state).toMatchObject({
      [`team/app@${digest}`]: { EntryType: 1, ExpiryData: expect.stringMatching(/Z$/) },
      [`team/app@${layerDigest}`]: { EntryType: 0, Size: layer.byteLength },
    });
    await upstream.close();
    await using proxy = await startRegistry(config);
    const base = `${proxy.url}/v2/team/app`;
    expect((await bytesOf(`${base}/manifests/${digest}`)).toString()).toBe(manifest);
    expect(await bytesOf(`${base}/blobs/${layerDigest}`)).toEqual(layer);
  }, 60_000);
});

describe('a registry with several upstreams', () => {
  it('finds them by prefix and by ns, and takes pushes for other names', async () => {
    await using first = await startRegistry(LOOPBACK);
    await using second = await startRegistry(LOOPBACK);
    const one = await pushImage(first.url, 'team/app', 1000);
    const two = await pushImage(second.url, 'team/app', 1000);
    await using proxy = await startRegistry({
      ...LOOPBACK,
      proxy: {
        upstreams: [
          { prefix: 'one', remoteurl: first.url, namespaces: ['one.example'] },
          { prefix: 'two', remoteurl: second.url, namespaces: ['two.example'] },
        ],
      },
    });
    const get = (path: string) => fetch(`${proxy.url}/v2/${path}`);
    expect(await (await get('one/team/app/manifests/latest')).text()).toBe(one.manifest);
    const byNamespace = await get('team/app/manifests/latest?ns=two.example');
    expect(await byNamespace.text()).toBe(two.manifest);
    expect(byNamespace.headers.get('OCI-Namespace')).toBe('two.example');
    const unknown = await get('team/app/manifests/latest?ns=169.254.169.254');
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ errors: [{ code: 'NAME_UNKNOWN' }] });
    const own = await pushImage(proxy.url, 'team/app', 1000);
    expect(await (await get('team/app/manifests/latest')).text()).toBe(own.manifest);
  });
});

describe('a registry that is a mirror as well', () => {
  it('reads from the fallback what it does not have, and keeps pushes', async () => {
    await using hub = await startRegistry(LOOPBACK);
    const theirs = await pushImage(hub.url, 'team/app', 1000);
    await using registry = await startRegistry({
      http: { ...LOOPBACK.http, host: 'https://registry.example/' },
      storage: { inmemory: {}, delete: { enabled: true } },
      proxy: {
        upstreams: [
          {
            prefix: 'hub.example',
            namespaces: ['hub.example'],
            remoteurl: hub.url,
            fallback: true,
          },
        ],
      },
    });
    const ask = (path: string, method = 'GET') =>
      fetch(`${registry.url}/v2/team/app/${path}`, { method });
    const latest = async (query = '') => (await ask(`manifests/latest${query}`)).text();
    expect(await latest()).toBe(theirs.manifest);
    expect(await bytesOf(`${registry.url}/v2/team/app/blobs/${theirs.layerDigest}`)).toEqual(
      theirs.layer,
    );
    expect(await (await ask('tags/list')).json()).toEqual({ name: 'team/app', tags: ['latest'] });
    // A client that pushes has to upload what only the upstream has.
    expect((await ask(`blobs/${theirs.layerDigest}`, 'HEAD')).status).toBe(404);

    const ours = await pushImage(registry.url, 'team/app', 1000);
    expect(await latest()).toBe(ours.manifest);
    expect((await ask(`manifests/${theirs.digest}`)).status).toBe(404);
    expect(await latest('?ns=hub.example')).toBe(theirs.manifest);
    expect(await latest('?ns=registry.example')).toBe(ours.manifest);
    const upstream = await fetch(`${hub.url}/v2/team/app/manifests/latest`);
    expect(await upstream.text()).toBe(theirs.manifest);

    expect((await ask(`manifests/${ours.digest}`, 'DELETE')).status).toBe(202);
    expect(await latest()).toBe(theirs.manifest);
  }, 60_000);
});

async function readStored(root: string, digest: string): Promise<Buffer | undefined> {
  const hex = digest.slice('sha256:'.length);
  const path = join(root, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
  return readFile(path).catch(() => undefined);
}
