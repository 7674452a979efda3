import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  contentOf,
  createContainerTools,
  needPrograms,
  type ContainerTools,
} from '@purser/external-programs';
import {
  ContentSource,
  dockerRegistry,
  purser,
  pushManifest,
  pushWhole,
  imageManifest,
  pullBlob,
  pullManifest,
  RegistryClient,
  Sandbox,
  withSettings,
  type RegistryProcess,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildImageForEachPlatform, buildLayeredImage } from './sample-images.ts';

const programs = needPrograms('skopeo', 'podman', 'buildah', 'docker-registry');
const PLAIN = '--tls-verify=false';
const SOURCE_PLAIN = '--src-tls-verify=false';
const TARGET_PLAIN = '--dest-tls-verify=false';

/** The same registry, pulling another one through. */
function proxyOf(program: RegistryProgram, upstream: RegistryProcess): RegistryProgram {
  return withSettings(program, {
    REGISTRY_PROXY_REMOTEURL: `http://127.0.0.1:${upstream.port}`,
  });
}

describe.skipIf(programs.isUnmet)(`pulling through Purser${programs.note}`, () => {
  let sandbox: Sandbox;
  let tools: ContainerTools;
  let layout: string;
  const folder = (name: string) => join(sandbox.folder, name);

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-pull-through-' });
    tools = createContainerTools(sandbox.folder);
    layout = folder('layout');
    await buildLayeredImage(tools, { folder: sandbox.folder, layout });
    await buildImageForEachPlatform(tools, { folder: sandbox.folder, list: 'platforms' });
  });

  afterAll(() => sandbox[Symbol.asyncDispose]());

  describe.each([purser(), dockerRegistry()])('from $name', (program) => {
    let upstream: RegistryProcess;
    let proxy: RegistryProcess;

    beforeAll(async () => {
      upstream = await sandbox.start(program, { root: `${program.name}-upstream` });
      proxy = await sandbox.start(proxyOf(purser(), upstream), { root: `${program.name}-proxy` });
      const target = `docker://127.0.0.1:${upstream.port}`;
      await tools.skopeo('copy', TARGET_PLAIN, `oci:${layout}`, `${target}/team/app:1`);
      const push = ['--all', '--quiet', PLAIN, '--format=oci', 'platforms'];
      await tools.buildah('manifest', 'push', ...push, `${target}/team/platforms:1`);
    });

    const copyFrom = async (registry: RegistryProcess, image: string, name: string) => {
      const copy = folder(`${program.name}-${name}`);
      const source = `docker://127.0.0.1:${registry.port}/${image}`;
      await tools.skopeo('copy', '--all', SOURCE_PLAIN, source, `dir:${copy}`);
      return contentOf(copy);
    };

    it.each(['team/app:1', 'team/platforms:1'])(
      'gives skopeo %s byte for byte, cold and warm',
      async (image) => {
        const name = image.replaceAll(/\W/g, '-');
        const direct = await copyFrom(upstream, image, `direct-${name}`);
        expect(await copyFrom(proxy, image, `cold-${name}`)).toEqual(direct);
        expect(await copyFrom(proxy, image, `warm-${name}`)).toEqual(direct);
        expect(direct.size).toBeGreaterThan(2);
      },
    );

    it('gives podman an image, which is the same as from upstream', async () => {
      const [direct, through] = [upstream, proxy].map(
        ({ port }) => `127.0.0.1:${port}/team/app:1`,
      ) as [string, string];
      const id = await tools.podman('pull', '--quiet', PLAIN, through);
      await tools.podman('rmi', '--force', id);
      expect(await tools.podman('pull', '--quiet', PLAIN, direct)).toBe(id);
    });

    it('goes on when upstream is gone, and refuses pushes', async () => {
      const before = await copyFrom(proxy, 'team/app:1', 'before');
      await upstream.stop();
      expect(await copyFrom(proxy, 'team/app:1', 'after')).toEqual(before);
      const target = `docker://127.0.0.1:${proxy.port}/team/app:2`;
      const push = tools.skopeo('copy', TARGET_PLAIN, `oci:${layout}`, target);
      await expect(push).rejects.toThrow(/unsupported|405|pulled through/i);
    });
  });

  it.each([
    { first: dockerRegistry(), second: purser() },
    { first: purser(), second: dockerRegistry() },
  ])('$second.name goes on with the cache of $first.name', async ({ first, second }) => {
    const root = `cache-of-${first.name}`;
    const source = new ContentSource(7);
    const repository = 'team/app';
    const layer = source.sample({ seed: 1, size: 300_000 });
    const config = source.sample({ seed: 2, size: 2000 });
    const stored = { size: layer.size, digest: layer.digest };
    const upstream = await sandbox.start(purser(), { root: `${root}-upstream` });
    const { digest } = await withClient(upstream, async (client) => {
      const target = { client, repository, source };
      for (const blob of [layer, config]) await pushWhole(target, blob);
      const manifest = imageManifest(config, [layer]);
      await pushManifest(target, 'latest', manifest);
      return manifest;
    });
    const pull = async (client: RegistryClient) => {
      const answer = await pullManifest({ client, repository }, 'latest');
      expect(answer?.headers['docker-content-digest']).toBe(digest);
      expect(await pullBlob({ client, repository }, layer.digest)).toEqual(stored);
    };
    const filled = await sandbox.start(proxyOf(first, upstream), { root });
    await withClient(filled, pull);
    await expect
      .poll(() => readdir(folder(`${root}/docker/registry/v2/blobs/sha256`)))
      .toHaveLength(2);
    await filled.stop();
    const next = await sandbox.start(proxyOf(second, upstream), { root });
    await upstream.stop();
    await withClient(next, async (client) => {
      expect(await pullManifest({ client, repository }, digest)).toBeDefined();
      expect(await pullBlob({ client, repository }, layer.digest)).toEqual(stored);
    });
    await next.stop();
  });
});

async function withClient<T>(
  { port }: RegistryProcess,
  work: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  const client = new RegistryClient({ ports: [port] });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
