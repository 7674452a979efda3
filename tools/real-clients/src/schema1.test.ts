import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type ContainerTools,
  contentOf,
  createContainerTools,
  needPrograms,
} from '@purser/external-programs';
import {
  ask,
  digestOf,
  dockerRegistry,
  manifestPath,
  purser,
  RegistryClient,
  Sandbox,
  type RegistryProgram,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handmadeImages, pushImage } from './convertible-images.ts';
import { withSchema1 } from './with-schema1.ts';
import { outcomeOf } from './outcome.ts';
import { RecordingProxy } from './recording-proxy.ts';
import { buildRunnableImage, EXIT_STATUS } from './runnable-image.ts';
import { readSignedManifest, SCHEMA1 } from './signed-manifest.ts';

const SOURCE_PLAIN = '--src-tls-verify=false';
const TARGET_PLAIN = '--dest-tls-verify=false';
const PLAIN = '--tls-verify=false';

const programs = needPrograms('docker-registry', 'skopeo', 'podman', 'buildah');

/** Three registries serve one folder: Purser with schema 1, Purser without, and distribution 2.8 with it. */
describe.skipIf(programs.isUnmet)(`schema 1${programs.note}`, () => {
  let sandbox: Sandbox;
  let tools: ContainerTools;
  let layout: string;
  let on: Served;
  let off: Served;
  let theirs: Served;
  const clients: RegistryClient[] = [];
  const folder = (name: string) => join(sandbox.folder, name);

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-schema1-' });
    tools = createContainerTools(sandbox.folder);
    layout = folder('layout');
    await buildRunnableImage(tools, { folder: sandbox.folder, layout });
    const start = (program = purser()) => serve(program, 'root');
    on = await start(withSchema1(purser()));
    off = await start();
    theirs = await start(withSchema1(dockerRegistry()));
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await sandbox[Symbol.asyncDispose]();
  });

  async function serve(program: RegistryProgram, root: string): Promise<Served> {
    const { port } = await sandbox.start(program, { root });
    const client = new RegistryClient({ ports: [port] });
    clients.push(client);
    return { client, port, host: `127.0.0.1:${port}` };
  }

  /** Pushes the image in schema 1. @returns The manifest that was sent. */
  async function pushWithSkopeo({ port }: Served, repository: string): Promise<Buffer> {
    await using proxy = await RecordingProxy.before(port);
    const target = `docker://${proxy.host}/${repository}:1`;
    await tools.skopeo('copy', '--format', 'v2s1', TARGET_PLAIN, `oci:${layout}`, target);
    const manifest = proxy.manifests.get(manifestPath(repository, '1'));
    if (manifest === undefined) throw new Error('skopeo pushed no manifest');
    return manifest;
  }

  async function pullWithSkopeo(image: string, into: string): Promise<Buffer> {
    await tools.skopeo('copy', SOURCE_PLAIN, `docker://${image}`, `dir:${folder(into)}`);
    return readFile(join(folder(into), 'manifest.json'));
  }

  describe('by skopeo, podman and buildah', () => {
    it('is given back byte for byte, by tag and by digest', async () => {
      const pushed = await pushWithSkopeo(on, 'legacy/app');
      const { payload, signers } = readSignedManifest(pushed);
      expect(signers).toHaveLength(1);
      const repository = `${on.host}/legacy/app`;
      const byTag = await pullWithSkopeo(`${repository}:1`, 'by-tag');
      const byDigest = await pullWithSkopeo(`${repository}@${digestOf(payload)}`, 'by-digest');
      expect(byTag.toString()).toBe(pushed.toString());
      expect(byDigest.toString()).toBe(pushed.toString());
      expect(await contentOf(folder('by-tag'))).toEqual(await contentOf(folder('by-digest')));
    });

    it('has the digest of its payload for skopeo, and the layers that were pushed', async () => {
      const { payload } = readSignedManifest(await pushWithSkopeo(on, 'legacy/inspected'));
      const image = `docker://${on.host}/legacy/inspected:1`;
      const { fsLayers } = JSON.parse(payload.toString()) as { fsLayers: { blobSum: string }[] };
      expect(JSON.parse(await tools.skopeo('inspect', PLAIN, image))).toMatchObject({
        Digest: digestOf(payload),
        Layers: fsLayers.map(({ blobSum }) => blobSum).toReversed(),
        RepoTags: ['1'],
      });
    });

    it('is pulled by podman, made into a container, and its program runs', async () => {
      await pushWithSkopeo(on, 'legacy/run');
      const image = `${on.host}/legacy/run:1`;
      const id = await tools.podman('pull', '--quiet', PLAIN, image);
      expect(id).toMatch(/^[0-9a-f]{64}$/);
      const created = await tools.podman('create', image);
      await tools.podman('export', '--output', folder('exported.tar'), created);
      expect((await readFile(folder('exported.tar'))).includes('some text\n')).toBe(true);
      // `podman run` needs more of the kernel than a chroot does.
      const container = await tools.buildah('from', '--pull-never', image);
      await expect(
        tools.buildah('run', '--isolation=chroot', container, '/program'),
      ).rejects.toThrow(`status ${EXIT_STATUS}`);
    });
  });

  describe('on the same data as distribution', () => {
    /** What a registry serves of an image, which must be signed soundly. */
    async function manifestFrom({ client }: Served, repository: string, reference: string) {
      const request = { method: 'GET', path: manifestPath(repository, reference) };
      const { headers, body } = await ask(client, request, [200]);
      return {
        payload: readSignedManifest(body).payload.toString(),
        type: headers['content-type'],
        digest: headers['docker-content-digest'],
        etag: headers['etag'],
      };
    }

    it.each([
      { title: 'pushed to distribution is served by Purser', repository: 'drop-in/theirs' },
      { title: 'pushed to Purser is served by distribution', repository: 'drop-in/ours' },
    ])('$title: same digest, same layers', async ({ repository }) => {
      const [writer, reader] = repository.endsWith('ours') ? [on, theirs] : [theirs, on];
      const { payload } = readSignedManifest(await pushWithSkopeo(writer, repository));
      const digest = digestOf(payload);
      const expected = {
        payload: payload.toString(),
        type: SCHEMA1,
        digest,
        etag: `"${digest}"`,
      };
      for (const reference of ['1', digest]) {
        expect(await manifestFrom(writer, repository, reference)).toEqual(expected);
        expect(await manifestFrom(reader, repository, reference)).toEqual(expected);
      }
      const name = repository.replace('/', '-');
      await pullWithSkopeo(`${writer.host}/${repository}:1`, `${name}-written`);
      await pullWithSkopeo(`${reader.host}/${repository}:1`, `${name}-read`);
      expect(await layersOf(folder(`${name}-read`))).toEqual(
        await layersOf(folder(`${name}-written`)),
      );
    });

    it("is kept by distribution's garbage collection, which takes the signatures: Purser signs anew", async () => {
      const root = 'collected';
      const repository = 'collected/app';
      const registry = await serve(withSchema1(purser()), root);
      const pushed = readSignedManifest(await pushWithSkopeo(registry, repository));
      await collectGarbage(folder(root), folder('collect.json'));
      const path = manifestPath(repository, '1');
      const { body } = await ask(registry.client, { method: 'GET', path }, [200]);
      const { payload, signers } = readSignedManifest(body);
      expect(payload.toString()).toBe(pushed.payload.toString());
      expect(signers).not.toEqual(pushed.signers);
      await pullWithSkopeo(`${registry.host}/${repository}:1`, 'after-collection');
    });
  });

  describe('switched off', () => {
    it('is refused to skopeo, which tells of the setting', async () => {
      const target = `docker://${off.host}/off/pushed:1`;
      await expect(
        tools.skopeo('copy', '--format', 'v2s1', TARGET_PLAIN, `oci:${layout}`, target),
      ).rejects.toThrow(/manifest invalid.*compatibility\.schema1\.enabled/is);
    });

    it('is not there to pull, with the reason', async () => {
      const { payload } = readSignedManifest(await pushWithSkopeo(on, 'off/stored'));
      for (const reference of ['1', digestOf(payload)]) {
        const path = manifestPath('off/stored', reference);
        const answer = await off.client.request({ method: 'GET', path });
        expect(outcomeOf(answer)).toEqual([404, 'MANIFEST_UNKNOWN']);
        expect(answer.body.toString()).toContain('compatibility.schema1.enabled');
      }
    });

    it('leaves a schema 2 image what it is, where distribution 2.8 converts it', async () => {
      const repository = 'off/converted';
      const [image] = handmadeImages;
      const { digest } = await pushImage({ client: off.client, repository }, '1', image!);
      const path = manifestPath(repository, '1');
      const { headers } = await ask(off.client, { method: 'GET', path }, [200]);
      expect(headers['docker-content-digest']).toBe(digest);
      const { headers: converted } = await ask(on.client, { method: 'GET', path }, [200]);
      expect(converted['content-type']).toBe(SCHEMA1);
    });
  });
});

interface Served {
  readonly client: RegistryClient;
  readonly port: number;
  /** With its port, as clients name it. */
  readonly host: string;
}

/** The content of a pulled image besides its manifest, whose signatures may differ. */
async function layersOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const content = new Map(await contentOf(folder));
  content.delete('manifest.json');
  return content;
}

/** Lets distribution remove what no manifest refers to. */
async function collectGarbage(root: string, config: string): Promise<void> {
  const storage = { filesystem: { rootdirectory: root } };
  const compatibility = { schema1: { enabled: true } };
  await writeFile(config, JSON.stringify({ version: 0.1, storage, compatibility }));
  await promisify(execFile)('docker-registry', ['garbage-collect', config]);
}
