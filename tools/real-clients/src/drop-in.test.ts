import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { contentOf, createContainerTools, needPrograms } from '@purser/external-programs';
import {
  ask,
  blobPath,
  ContentSource,
  dockerRegistry,
  manifestPath,
  pullBlob,
  pushWhole,
  purser,
  RegistryClient,
  Sandbox,
  type RegistryProcess,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeInventory, type Inventory } from './inventory.ts';
import {
  beginUpload,
  endUpload,
  mount,
  push,
  pushSampleContent,
  type SampleContent,
} from './sample-content.ts';
import { readStorageTree, type StorageTree } from './storage-tree.ts';

const programs = needPrograms('docker-registry', 'skopeo');
const source = new ContentSource(3);

describe.skipIf(programs.isUnmet)(
  `Purser and distribution on the same data${programs.note}`,
  () => {
    let sandbox: Sandbox;

    beforeAll(async () => {
      sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-drop-in-' });
    });

    afterAll(() => sandbox[Symbol.asyncDispose]());

    /** Runs a registry on a root for as long as something is done with it. */
    async function withRegistry<T>(
      program: RegistryProgram,
      root: string,
      work: (client: RegistryClient, registry: RegistryProcess) => Promise<T>,
    ): Promise<T> {
      const registry = await sandbox.start(program, { root });
      const client = new RegistryClient({ ports: [registry.port] });
      try {
        return await work(client, registry);
      } finally {
        client.close();
        await registry.stop();
      }
    }

    const fill = (program: RegistryProgram, root: string) =>
      withRegistry(program, root, (client) => pushSampleContent(client, source));

    describe.each([
      { writer: purser(), reader: dockerRegistry() },
      { writer: dockerRegistry(), reader: purser() },
    ])('$reader.name on what $writer.name wrote', ({ writer, reader }) => {
      const root = `by-${writer.name}`;
      let content: SampleContent;
      let written: Inventory;

      beforeAll(async () => {
        content = await fill(writer, root);
        written = await withRegistry(writer, root, takeInventory);
      });

      it('serves every repository, tag, manifest and blob, byte for byte', async () => {
        expect(written['/v2/_catalog']).toEqual([
          'library/base',
          'team/app',
          'team/app/for_all-platforms',
        ]);
        expect(await withRegistry(reader, root, takeInventory)).toEqual(written);
      });

      it('shows nothing of an unfinished upload, and takes its content anew', async () => {
        const { repository, blob } = content.unfinished;
        await withRegistry(reader, root, async (client) => {
          expect(await pullBlob({ client, repository }, blob.digest)).toBeUndefined();
          await pushWhole({ client, repository, source }, blob);
          expect(await pullBlob({ client, repository }, blob.digest)).toMatchObject({
            size: blob.size,
          });
        });
      });

      it('mounts what the other stored, and the other serves what was made of it', async () => {
        const repository = `added-by/${reader.name}`;
        await withRegistry(reader, root, async (client) => {
          for (const blob of content.shared) await mount({ client, repository }, blob, 'team/app');
          await push({ client, repository }, 'new', content.secondImage);
        });
        const inventory = await withRegistry(writer, root, takeInventory);
        expect(inventory).toMatchObject(
          Object.fromEntries(Object.entries(written).filter(([path]) => path !== '/v2/_catalog')),
        );
        expect(inventory[manifestPath(repository, 'new')]).toMatchObject({
          digest: content.secondImage.digest,
        });
      });

      it('moves tags and deletes so that the other sees it', async () => {
        const app = { repository: 'team/app' };
        const after = await withRegistry(reader, root, async (client) => {
          await push({ client, ...app }, 'latest', content.firstImage);
          await push({ client, ...app }, 'added', content.firstImage);
          const path = manifestPath(app.repository, content.secondImage.digest);
          await ask(client, { method: 'DELETE', path }, [202]);
          return takeInventory(client);
        });

        await withRegistry(writer, root, async (client) => {
          const inventory = await takeInventory(client);
          expect(inventory).toEqual(after);
          expect(inventory['/v2/team/app/tags/list']).toEqual({
            name: 'team/app',
            tags: ['1.0', 'added', 'latest'],
          });
          expect(inventory[manifestPath(app.repository, 'latest')]).toMatchObject({
            digest: content.firstImage.digest,
          });
          for (const gone of ['2.0', content.secondImage.digest]) {
            const path = manifestPath(app.repository, gone);
            await ask(client, { method: 'GET', path }, [404]);
          }
        });
      });

      it('deletes a blob from one repository only, for the other as well', async () => {
        const { digest } = content.narrow;
        const path = blobPath(`added-by/${reader.name}`, digest);
        await withRegistry(reader, root, (client) =>
          ask(client, { method: 'DELETE', path }, [202]),
        );
        await withRegistry(writer, root, async (client) => {
          const repository = 'team/app';
          expect(await client.request({ method: 'GET', path })).toMatchObject({ status: 404 });
          expect(await pullBlob({ client, repository }, digest)).toMatchObject({ digest });
        });
      });
    });

    it('lays out the same pushes in the same files with the same content', async () => {
      await fill(purser(), 'tree-of-purser');
      await fill(dockerRegistry(), 'tree-of-distribution');
      const ours = await readStorageTree(join(sandbox.folder, 'tree-of-purser'));
      const theirs = await readStorageTree(join(sandbox.folder, 'tree-of-distribution'));

      expect(without(ours, /\/_uploads\/<id>\/received$/)).toEqual(
        without(theirs, /\/_uploads\/<id>\/hashstates\//),
      );
      expect(Object.keys(ours).length).toBeGreaterThan(40);
      expect(Object.keys(ours).filter((path) => path.endsWith('/startedat'))).toHaveLength(1);
    });

    it('Purser goes on with an upload that distribution began', async () => {
      const { unfinished } = await fill(dockerRegistry(), 'begun-by-distribution');
      const { repository, id, blob, sent } = unfinished;
      await withRegistry(purser(), 'begun-by-distribution', async (client) => {
        const path = `/v2/${repository}/blobs/uploads/${id}`;
        const { headers } = await ask(client, { method: 'GET', path }, [204]);
        expect(headers['range']).toBe(`0-${sent - 1}`);
        await endUpload(client, unfinished, source);
      });
      const stored = await withRegistry(dockerRegistry(), 'begun-by-distribution', (client) =>
        pullBlob({ client, repository }, blob.digest),
      );
      expect(stored).toEqual({ size: blob.size, digest: blob.digest });
    });

    it('Purser goes on with an upload of its own after distribution served in between', async () => {
      const repository = 'between/times';
      const blob = source.sample({ seed: 11, size: 300_000 });
      const unfinished = await withRegistry(purser(), 'between', (client) =>
        beginUpload({ client, repository, source }, blob),
      );
      await withRegistry(dockerRegistry(), 'between', (client) =>
        pushWhole({ client, repository, source }, source.sample({ seed: 12, size: 100 })),
      );
      const stored = await withRegistry(purser(), 'between', async (client) => {
        await endUpload(client, unfinished, source);
        return pullBlob({ client, repository }, blob.digest);
      });
      expect(stored).toEqual({ size: blob.size, digest: blob.digest });
    });

    it("keeps everything that is tagged through distribution's garbage collection", async () => {
      const root = 'collected';
      const { secondImage, unfinished } = await fill(purser(), root);
      const before = await withRegistry(purser(), root, async (client) => {
        const path = manifestPath('team/app', secondImage.digest);
        await ask(client, { method: 'DELETE', path }, [202]);
        return takeInventory(client);
      });
      const storage = { filesystem: { rootdirectory: join(sandbox.folder, root) } };
      const config = join(sandbox.folder, 'collect.yml');
      await writeFile(config, JSON.stringify({ version: 0.1, storage }));
      const { stdout } = await promisify(execFile)('docker-registry', ['garbage-collect', config]);

      expect(stdout).toContain(secondImage.digest.replace('sha256:', ''));
      await withRegistry(purser(), root, async (client) => {
        expect(await takeInventory(client)).toEqual(before);
        await endUpload(client, unfinished, source);
      });
    });

    it('gives skopeo from one what it pushed to the other', async () => {
      const { skopeo } = createContainerTools(sandbox.folder);
      const [before, after] = [join(sandbox.folder, 'before'), join(sandbox.folder, 'after')];
      const copy = (program: RegistryProgram, words: (host: string) => readonly string[]) =>
        withRegistry(program, 'by-skopeo', (_, { port }) =>
          skopeo('copy', '--all', '--preserve-digests', ...words(`docker://127.0.0.1:${port}`)),
        );
      await fill(purser(), 'by-skopeo');
      await copy(dockerRegistry(), (host) => [
        '--src-tls-verify=false',
        `${host}/team/app/for_all-platforms:docker`,
        `dir:${before}`,
      ]);
      await copy(purser(), (host) => [
        '--dest-tls-verify=false',
        `dir:${before}`,
        `${host}/skopeo/list:1`,
      ]);
      await copy(dockerRegistry(), (host) => [
        '--src-tls-verify=false',
        `${host}/skopeo/list:1`,
        `dir:${after}`,
      ]);
      expect(await contentOf(after)).toEqual(await contentOf(before));
    });
  },
);

function without(tree: StorageTree, path: RegExp): StorageTree {
  return Object.fromEntries(Object.entries(tree).filter(([name]) => !path.test(name)));
}
