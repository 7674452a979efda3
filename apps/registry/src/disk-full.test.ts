import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, rmdir, statfs, unlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConfig } from './config/load.ts';
import { createServer, type RegistryServer } from './create/server.ts';
import { createSilentLogger } from './observe/logger.ts';

const run = promisify(execFile);
const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json';

async function mountSmall(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'purser-full-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory]);
    return directory;
  } catch (error) {
    await rmdir(directory);
    throw error;
  }
}

async function unmount(directory: string): Promise<void> {
  await run('umount', [directory]);
  await rmdir(directory);
}

async function whyNoMount(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root can mount a file system';
  try {
    await unmount(await mountSmall());
    return undefined;
  } catch {
    return 'this system lets nobody mount a file system';
  }
}

const noMount = await whyNoMount();

describe.skipIf(noMount !== undefined)(
  `a full disk${noMount ? ` (skipped: ${noMount})` : ''}`,
  () => {
    let root: string;
    let server: RegistryServer;
    let url: string;
    const filler = () => join(root, 'filler');

    beforeAll(async () => {
      root = await mountSmall();
      await mkdir(join(root, 'registry'));
      const storage = { filesystem: { rootdirectory: join(root, 'registry') } };
      server = await createServer(createConfig({ storage }), { logger: createSilentLogger() });
      server.http.listen(0, '127.0.0.1');
      await once(server.http, 'listening');
      url = `http://127.0.0.1:${(server.http.address() as AddressInfo).port}`;
    });

    afterAll(async () => {
      await server.close(0);
      await unmount(root);
    });

    /** Leaves so many bytes of the disk. */
    async function leave(bytes: number): Promise<void> {
      const { bavail, bsize } = await statfs(root);
      await writeFile(filler(), Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
    }

    async function begin(name: string, query = ''): Promise<Response> {
      return fetch(`${url}/v2/${name}/blobs/uploads/${query}`, { method: 'POST' });
    }

    const blobOf = (seed: number) => sampleBytes(300_000, seed);

    async function pushMonolithic(name: string, seed: number): Promise<number> {
      const begun = await begin(name);
      if (!begun.ok) return begun.status;
      const target = `${begun.headers.get('location')}?digest=${digestOf(blobOf(seed))}`;
      return (await fetch(target, { method: 'PUT', body: blobOf(seed) })).status;
    }

    async function pushChunked(name: string, seed: number): Promise<number> {
      let answer = await begin(name);
      const body = blobOf(seed);
      for (let start = 0; answer.ok && start < body.byteLength; start += 100_000) {
        const chunk = body.subarray(start, start + 100_000);
        answer = await fetch(answer.headers.get('location')!, { method: 'PATCH', body: chunk });
      }
      if (!answer.ok) return answer.status;
      const target = `${answer.headers.get('location')}?digest=${digestOf(body)}`;
      return (await fetch(target, { method: 'PUT' })).status;
    }

    async function pushManifest(name: string, seed: number): Promise<number> {
      const layer = {
        mediaType: 'application/octet-stream',
        digest: digestOf(blobOf(-1)),
        size: 300_000,
      };
      const body = JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_IMAGE,
        config: { ...layer, mediaType: EMPTY_CONFIG },
        artifactType: 'application/example',
        layers: [layer],
        annotations: { seed: String(seed), padding: 'x'.repeat(20_000) },
      });
      const headers = { 'content-type': OCI_IMAGE };
      return (await fetch(`${url}/v2/${name}/manifests/v${seed}`, { method: 'PUT', headers, body }))
        .status;
    }

    async function mount(name: string): Promise<number> {
      return (await begin(`${name}-mounted`, `?mount=${digestOf(blobOf(-1))}&from=${name}`)).status;
    }

    const KINDS = [pushMonolithic, pushChunked, pushManifest, mount];
    /** A little more than each of them takes. */
    const NEEDED = [400_000, 400_000, 60_000, 12_000];

    async function filesBelow(directory: string): Promise<string[]> {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    }

    it('fails pushes of every kind at any moment, leaves no part, and takes them when there is space', async () => {
      const name = 'full/app';
      expect(await pushMonolithic(name, -1)).toBe(201);
      const statuses = new Set<number>();
      for (let seed = 0; seed < 50; seed++) {
        const kind = KINDS[seed % KINDS.length]!;
        const bytes = Number.parseInt(digestOf(Buffer.from(String(seed))).slice(7, 15), 16);
        await leave(bytes % NEEDED[seed % KINDS.length]!);
        const status = await kind(name, seed);
        statuses.add(status);
        expect([201, 507]).toContain(status);
        const blob = await fetch(`${url}/v2/${name}/blobs/${digestOf(blobOf(seed))}`);
        const body = Buffer.from(await blob.arrayBuffer());
        const isRight = blob.status === 404 || digestOf(body) === digestOf(blobOf(seed));
        expect(isRight, `${kind.name} ${seed}: ${blob.status}`).toBe(true);
        await unlink(filler());
        expect((await filesBelow(root)).filter((file) => file.endsWith('.tmp'))).toEqual([]);
        expect(await kind(name, seed)).toBe(201);
        // So that the disk is no fuller than before.
        await rm(join(root, 'registry/docker/registry/v2/repositories/full/app/_uploads'), {
          recursive: true,
          force: true,
        });
        const hex = digestOf(blobOf(seed)).slice('sha256:'.length);
        const directory = `registry/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}`;
        await rm(join(root, directory), { recursive: true, force: true });
      }
      expect(statuses).toEqual(new Set([201, 507]));
    }, 60_000);

    it('is not ready while it lasts, and ready again by itself', async () => {
      const statusOf = async (path: string) => (await fetch(`${url}${path}`)).status;
      expect(await statusOf('/readyz')).toBe(200);
      await leave(0);
      await expect.poll(() => statusOf('/readyz'), { timeout: 10_000 }).toBe(503);
      expect(await statusOf('/livez')).toBe(200);
      await unlink(filler());
      await expect.poll(() => statusOf('/readyz'), { timeout: 10_000 }).toBe(200);
    }, 30_000);
  },
);
