import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ContainerTools,
  contentOf,
  createContainerTools,
  imageOf,
  layersByConfiguration,
  misnamed,
  needPrograms,
  unpackedLayersOf,
} from '@purser/external-programs';
import { purser, Sandbox, type RegistryProgram, withSettings } from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildImageForEachPlatform,
  buildLayeredImage,
  LARGE_LAYER_BYTES,
} from './sample-images.ts';

const SOURCE_PLAIN = '--src-tls-verify=false';
const TARGET_PLAIN = '--dest-tls-verify=false';
const PLAIN = '--tls-verify=false';

/** The same server, told to keep everything in memory. */
function purserInMemory(): RegistryProgram {
  return withSettings(purser(), {
    REGISTRY_STORAGE: 'inmemory',
    REGISTRY_STORAGE_DELETE_ENABLED: 'true',
  });
}

const programs = needPrograms('skopeo', 'podman', 'buildah');

describe.skipIf(programs.isUnmet)(`images${programs.note}`, () => {
  let sandbox: Sandbox;
  let tools: ContainerTools;
  let layout: string;
  let architectures: readonly string[];
  const folder = (name: string) => join(sandbox.folder, name);

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-images-' });
    tools = createContainerTools(sandbox.folder);
    layout = join(sandbox.folder, 'layout');
    await buildLayeredImage(tools, { folder: sandbox.folder, layout });
    architectures = await buildImageForEachPlatform(tools, {
      folder: sandbox.folder,
      list: 'platforms',
    });
  });

  afterAll(() => sandbox[Symbol.asyncDispose]());

  describe.each([
    { storage: 'filesystem', program: purser() },
    { storage: 'inmemory', program: purserInMemory() },
  ])('on storage $storage', ({ storage, program }) => {
    let host: string;
    const copy = (name: string) => folder(`${storage}-${name}`);

    beforeAll(async () => {
      const registry = await sandbox.start(program, { root: storage });
      host = `127.0.0.1:${registry.port}`;
    });

    it.each(['oci', 'v2s2'])(
      'gives back byte for byte what skopeo pushed in format %s',
      async (format) => {
        const image = `docker://${host}/layered/${format}:1.0`;
        const [before, after] = [copy(`before-${format}`), copy(`after-${format}`)];
        await tools.skopeo('copy', '--format', format, `oci:${layout}`, `dir:${before}`);
        await tools.skopeo('copy', TARGET_PLAIN, `dir:${before}`, image);
        await tools.skopeo('copy', SOURCE_PLAIN, image, `dir:${after}`);

        const content = await contentOf(after);
        expect(content).toEqual(await contentOf(before));
        expect(misnamed(content)).toEqual([]);
        expect(content.size).toBe(1 + 1 + 4);
        const { config, layers } = await imageOf(after);
        expect(config.mediaType).toContain(
          format === 'oci' ? 'vnd.oci.image' : 'vnd.docker.container.image',
        );
        expect(Math.max(...layers.map(({ size }) => size))).toBeGreaterThan(LARGE_LAYER_BYTES);
      },
    );

    it('takes an image straight from an image layout, and converted on the way', async () => {
      const [plain, converted] = [`${host}/straight:oci`, `${host}/straight:v2s2`];
      await tools.skopeo('copy', TARGET_PLAIN, `oci:${layout}`, `docker://${plain}`);
      await tools.skopeo(
        'copy',
        '--format=v2s2',
        TARGET_PLAIN,
        `oci:${layout}`,
        `docker://${converted}`,
      );
      await tools.skopeo('copy', SOURCE_PLAIN, `docker://${plain}`, `dir:${copy('plain')}`);
      await tools.skopeo('copy', SOURCE_PLAIN, `docker://${converted}`, `dir:${copy('converted')}`);

      const [oci, v2s2] = [await imageOf(copy('plain')), await imageOf(copy('converted'))];
      expect(v2s2.layers.map(({ digest }) => digest)).toEqual(
        oci.layers.map(({ digest }) => digest),
      );
      expect(misnamed(await contentOf(copy('plain')))).toEqual([]);
      expect(misnamed(await contentOf(copy('converted')))).toEqual([]);
    });

    it('is pulled from and pushed to by podman', async () => {
      const [pulled, pushed] = [`${host}/podman/pulled:1`, `${host}/podman/pushed:2`];
      await tools.skopeo('copy', TARGET_PLAIN, `oci:${layout}`, `docker://${pulled}`);
      const id = await tools.podman('pull', '--quiet', PLAIN, pulled);
      await tools.podman('tag', pulled, pushed);
      await tools.podman('push', '--quiet', PLAIN, pushed);
      await tools.podman('rmi', '--force', id);
      await tools.skopeo('copy', SOURCE_PLAIN, `docker://${pushed}`, `dir:${copy('podman')}`);

      expect((await imageOf(copy('podman'))).config.digest).toBe(`sha256:${id}`);
      expect(misnamed(await contentOf(copy('podman')))).toEqual([]);
      expect(await unpackedLayersOf(copy('podman'))).toEqual(
        await layersByConfiguration(copy('podman')),
      );
      expect(await tools.podman('pull', '--quiet', PLAIN, pushed)).toBe(id);
    });

    it.each(['oci', 'v2s2'])(
      'holds an index of several platforms that buildah pushed in format %s',
      async (format) => {
        const image = `${host}/platforms/${format}:1.0`;
        const [first, again] = [copy(`index-${format}`), copy(`index-again-${format}`)];
        const push = ['--all', '--quiet', PLAIN, `--format=${format}`];
        await tools.buildah('manifest', 'push', ...push, 'platforms', `docker://${image}`);
        await tools.skopeo('copy', '--all', SOURCE_PLAIN, `docker://${image}`, `dir:${first}`);
        await tools.skopeo(
          'copy',
          '--all',
          TARGET_PLAIN,
          `dir:${first}`,
          `docker://${image}-again`,
        );
        await tools.skopeo(
          'copy',
          '--all',
          SOURCE_PLAIN,
          `docker://${image}-again`,
          `dir:${again}`,
        );

        const content = await contentOf(first);
        expect(content.size).toBe(1 + 3 * architectures.length);
        expect(misnamed(content)).toEqual([]);
        expect(await contentOf(again)).toEqual(content);
        for (const architecture of architectures) {
          const platform = `--override-arch=${architecture}`;
          const text = await tools.skopeo(platform, 'inspect', PLAIN, `docker://${image}`);
          expect(JSON.parse(text)).toMatchObject({ Architecture: architecture });
        }
      },
    );

    it('keeps images where it was told to', () => {
      expect(existsSync(folder(storage))).toBe(storage === 'filesystem');
    });

    it('lists, inspects and deletes for skopeo', async () => {
      const repository = `docker://${host}/inspected`;
      for (const tag of ['b', 'a', 'C']) {
        await tools.skopeo('copy', TARGET_PLAIN, `oci:${layout}`, `${repository}:${tag}`);
      }
      const inspect = ['inspect', PLAIN, '--format={{.Digest}}'];
      const digest = await tools.skopeo(...inspect, `${repository}:a`);
      expect(JSON.parse(await tools.skopeo('list-tags', PLAIN, repository))).toMatchObject({
        Tags: ['C', 'a', 'b'],
      });
      expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(
        JSON.parse(await tools.skopeo('inspect', PLAIN, `${repository}@${digest}`)),
      ).toMatchObject({
        Digest: digest,
        RepoTags: ['C', 'a', 'b'],
        Architecture: 'amd64',
        Os: 'linux',
      });

      // skopeo deletes by digest, so all tags of it go.
      await tools.skopeo('delete', PLAIN, `${repository}:a`);
      await expect(tools.skopeo('inspect', PLAIN, `${repository}:b`)).rejects.toThrow(
        'manifest unknown',
      );
    });
  });
});
