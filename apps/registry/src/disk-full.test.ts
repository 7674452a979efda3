import { mkdir, readdir, statfs, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@purser/core';
import { mountTemporary, whyNoMount, type MountedDirectory } from '@purser/external-programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maintain } from './fixtures/maintain.ts';
import { blobDigest, Pushes } from './fixtures/pushes.ts';
import { startRegistry, type RunningRegistry } from './start-registry.ts';

/** A little more than each kind of push takes. */
const NEEDED: Readonly<Record<string, number>> = {
  'a blob in one request': 400_000,
  'a blob in chunks': 400_000,
  'a manifest with a new tag': 60_000,
  'a manifest with a tag that moves': 60_000,
  'a mount': 12_000,
};

const ROUNDS = 50;

const noMount = await whyNoMount();

describe.skipIf(noMount !== undefined)(
  `a full disk${noMount ? ` (skipped: ${noMount})` : ''}`,
  () => {
    let mounted: MountedDirectory;
    let root: string;
    let server: RunningRegistry;
    let pushes: Pushes;
    const filler = () => join(mounted.path, 'filler');

    beforeAll(async () => {
      mounted = await mountTemporary('size=16m');
      root = join(mounted.path, 'registry');
      await mkdir(root);
      server = await startRegistry({ storage: { filesystem: { rootdirectory: root } } });
      pushes = new Pushes(server.url, 'full/app');
    });

    afterAll(async () => {
      await server.close();
      await mounted[Symbol.asyncDispose]();
    });

    /** Leaves so many bytes of the disk. */
    async function leave(bytes: number): Promise<void> {
      const { bavail, bsize } = await statfs(mounted.path);
      await writeFile(filler(), Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
    }

    async function temporaryFiles(): Promise<readonly string[]> {
      const names = await readdir(root, { recursive: true });
      return names.filter((name) => name.endsWith('.tmp'));
    }

    it('fails pushes of every kind at any moment, leaves no part, and takes them when there is space', async () => {
      for (const answer of await pushes.base()) expect(answer.status).toBe(201);
      const statuses = new Set<number>();
      const kinds = Object.entries(pushes.kinds);
      let latest = -1;
      for (let seed = 0; seed < ROUNDS; seed++) {
        const [kind, push] = kinds[seed % kinds.length]!;
        const random = Number.parseInt(digestOf(Buffer.from(String(seed))).slice(7, 15), 16);
        await leave(random % NEEDED[kind]!);
        const { status } = await push(seed);
        statuses.add(status);
        const what = `${kind}, ${seed}, ${status}`;
        expect([201, 507], `of ${what}`).toContain(status);
        const blob = await pushes.seedOf(`blobs/${blobDigest(seed)}`, [seed]);
        expect([seed, '404'], `of ${what}`).toContain(blob);
        expect([seed, '404'], `of ${what}`).toContain(
          await pushes.seedOf(`manifests/v${seed}`, [seed]),
        );
        const seen = await pushes.seedOf('manifests/latest', [latest, seed]);
        expect(kind.includes('moves') ? [latest, seed] : [latest], `of ${what}`).toContain(seen);
        await unlink(filler());
        expect(await temporaryFiles(), `of ${what}`).toEqual([]);
        expect((await push(seed)).status, `of ${what}`).toBe(201);
        if (kind.includes('moves')) latest = seed;
      }
      expect(statuses).toEqual(new Set([201, 507]));
      expect(await pushes.seedOf('manifests/latest', [latest])).toBe(latest);
    }, 120_000);

    it('loses the upload that filled it, and no other', async () => {
      const locationOf = async (seed: number) => {
        const { headers } = await pushes.begin();
        const location = headers.get('location')!;
        await pushes.chunk(location, seed, 0);
        return location;
      };
      const [large, other] = [await locationOf(ROUNDS), await locationOf(ROUNDS + 1)];
      const body = Buffer.alloc(20 * 1024 * 1024);
      expect((await fetch(large, { method: 'PATCH', body })).status).toBe(507);
      expect((await fetch(large)).status).toBe(404);
      for (const index of [1, 2]) await pushes.chunk(other, ROUNDS + 1, index);
      expect((await pushes.finish(other, ROUNDS + 1)).status).toBe(201);
    });

    it('leaves no upload, garbage that is collected, and nothing that is damaged', async () => {
      expect((await readdir(root, { recursive: true })).filter(isOfUpload)).toEqual([]);
      await maintain(root, ['garbage-collect', '--grace', '2s']);
      expect(await maintain(root, ['check', '--deep'])).toContain(
        // A layer, the first manifest, and those of twenty pushes.
        'Sound. 0 files belong to no registry. Looked at 22 blobs.',
      );
    }, 30_000);

    it('is ready for pulls while it lasts, and ready for pushes again by itself', async () => {
      const statusOf = async (path: string) => (await fetch(`${server.url}${path}`)).status;
      expect(await statusOf('/readyz/write')).toBe(200);
      await leave(0);
      await expect.poll(() => statusOf('/readyz/write'), { timeout: 10_000 }).toBe(503);
      expect(await statusOf('/readyz')).toBe(200);
      expect(await statusOf('/livez')).toBe(200);
      await unlink(filler());
      await expect.poll(() => statusOf('/readyz/write'), { timeout: 10_000 }).toBe(200);
    }, 30_000);
  },
);

function isOfUpload(path: string): boolean {
  return /\/_uploads\/[^/]+\//.test(path);
}
