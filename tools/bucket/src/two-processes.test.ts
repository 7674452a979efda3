import { deepStrictEqual as deepEqual } from 'node:assert';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ContainerTools,
  contentOf,
  createContainerTools,
  GcsEmulator,
  imageOf,
  layersByConfiguration,
  misnamed,
  needPrograms,
  unpackedLayersOf,
  needGoPrograms,
} from '@purser/external-programs';
import {
  ContentSource,
  finishUpload,
  imageManifest,
  inParallel,
  pullBlob,
  pullManifest,
  pushManifest,
  pushStreamed,
  RegistryClient,
  Sandbox,
  sendPart,
  startUpload,
  type BlobTarget,
  type SampleBlob,
} from '@purser/registry-under-test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildLayeredImage, LAYER_COUNT } from './layered-image.ts';
import { purserOnBucket } from './purser-on-bucket.ts';
import { startRelay, type Relay } from './relay.ts';

const CLIENTS = Array.from({ length: 8 }, (_, index) => index);
const PLAIN = '--tls-verify=false';
const SOURCE_PLAIN = '--src-tls-verify=false';
const TARGET_PLAIN = '--dest-tls-verify=false';

const emulated = needGoPrograms('fake-gcs-server');

describe.skipIf(emulated.isUnmet)(`two servers over one bucket${emulated.note}`, () => {
  const resources = new AsyncDisposableStack();
  let sandbox: Sandbox;
  let ports: readonly number[];
  let relay: Relay;

  beforeAll(async () => {
    const { bucket: name, endpoint } = resources.use(await GcsEmulator.create());
    sandbox = resources.use(await Sandbox.create({ parent: tmpdir(), prefix: 'purser-bucket-' }));
    const program = purserOnBucket({ name, endpoint });
    const servers = [
      await sandbox.start(program, { root: 'unused' }),
      await sandbox.start(program, { root: 'unused' }),
    ];
    ports = servers.map(({ port }) => port);
  });
  afterAll(() => resources.disposeAsync());

  beforeEach(async () => void (relay = await startRelay({ ports })));
  afterEach(async () => {
    await relay[Symbol.asyncDispose]();
    deepEqual(
      relay.exchanges.filter(({ status }) => status >= 500),
      [],
    );
    // Both have had their part, so that nothing was shown of one server alone.
    deepEqual(new Set(relay.exchanges.map(({ port }) => port)), new Set(ports));
  });

  const programs = needPrograms('skopeo', 'podman', 'buildah');
  describe.skipIf(programs.isUnmet)(`for the programs of others${programs.note}`, () => {
    let tools: ContainerTools;
    let copies = 0;
    const nextCopy = () => join(sandbox.folder, `copy-${copies++}`);
    const build = (seed: number) => buildLayeredImage(tools, { folder: sandbox.folder, seed });

    beforeAll(() => void (tools = createContainerTools(sandbox.folder)));

    /** Makes a new image, as it will be in the registry. */
    async function imageIn(format: string, seed: number): Promise<string> {
      const image = nextCopy();
      await tools.skopeo('copy', '--format', format, `oci:${await build(seed)}`, `dir:${image}`);
      return image;
    }

    async function pull(image: string): Promise<string> {
      const copy = nextCopy();
      await tools.skopeo('copy', SOURCE_PLAIN, `docker://${relay.host}/${image}`, `dir:${copy}`);
      return copy;
    }

    it.each([
      ['oci', 1],
      ['v2s2', 2],
    ] as const)('give back what skopeo pushed in format %s', async (format, seed) => {
      const image = await imageIn(format, seed);
      const target = `docker://${relay.host}/layered/${format}:1.0`;
      await tools.skopeo('copy', TARGET_PLAIN, `dir:${image}`, target);

      const content = await contentOf(await pull(`layered/${format}:1.0`));
      expect(content).toEqual(await contentOf(image));
      expect(misnamed(content)).toEqual([]);
      expect(content.size).toBe(1 + 1 + LAYER_COUNT);
    });

    it('are pulled from and pushed to by podman', async () => {
      const [pulled, pushed] = [`${relay.host}/podman/pulled:1`, `${relay.host}/podman/pushed:2`];
      const image = await imageIn('oci', 3);
      await tools.skopeo('copy', TARGET_PLAIN, `dir:${image}`, `docker://${pulled}`);
      const id = await tools.podman('pull', '--quiet', PLAIN, pulled);
      await tools.podman('tag', pulled, pushed);
      await tools.podman('push', '--quiet', PLAIN, pushed);
      await tools.podman('rmi', '--force', id);

      const copy = await pull('podman/pushed:2');
      expect((await imageOf(copy)).config.digest).toBe(`sha256:${id}`);
      expect(misnamed(await contentOf(copy))).toEqual([]);
      expect(await unpackedLayersOf(copy)).toEqual(await layersByConfiguration(copy));
      expect(await tools.podman('pull', '--quiet', PLAIN, pushed)).toBe(id);
    });

    it('take the same image from eight skopeos at once', async () => {
      const image = await imageIn('oci', 4);
      await inParallel(CLIENTS, CLIENTS.length, async (index) => {
        const tags = [`client-${index}`, 'latest'];
        for (const tag of tags) {
          const target = `docker://${relay.host}/contested/image:${tag}`;
          await tools.skopeo('copy', TARGET_PLAIN, `dir:${image}`, target);
        }
      });

      const expected = await contentOf(image);
      for (const tag of ['latest', ...CLIENTS.map((index) => `client-${index}`)]) {
        const content = await contentOf(await pull(`contested/image:${tag}`));
        expect(misnamed(content)).toEqual([]);
        expect(content).toEqual(expected);
      }
    });
  });

  describe('for a client that knows both', () => {
    const source = new ContentSource(5);
    let clients: readonly RegistryClient[];
    const throughRelay = (): RegistryClient => new RegistryClient({ ports: [relay.port] });

    beforeEach(() => void (clients = CLIENTS.map(throughRelay)));
    afterEach(() => {
      for (const client of clients) client.close();
    });

    /** Reads a blob from each of the servers. */
    async function digestsOf(repository: string, { digest }: SampleBlob) {
      const client = throughRelay();
      const read = () => pullBlob({ client, repository }, digest);
      const found = [await read(), await read()];
      client.close();
      return found.map((blob) => blob?.digest);
    }

    it('take the same image from eight clients at once, blob by blob', async () => {
      const [config, ...layers] = [700, 0, 1, 300_000, 9_000_000].map((size, seed) =>
        source.sample({ seed, size }),
      );
      if (config === undefined) throw new Error('no content');
      const repository = 'contested/blobs';
      const manifest = imageManifest(config, layers);
      await Promise.all(
        clients.map(async (client, index) => {
          const target = { client, repository, source };
          for (const blob of [config, ...layers]) await pushStreamed(target, blob);
          await pushManifest(target, `client-${index}`, manifest);
          await pushManifest(target, 'latest', manifest);
        }),
      );

      for (const blob of [config, ...layers]) {
        expect(await digestsOf(repository, blob)).toEqual([blob.digest, blob.digest]);
      }
      for (const [index, client] of clients.entries()) {
        for (const tag of ['latest', `client-${index}`, manifest.digest]) {
          const answer = await pullManifest({ client, repository }, tag);
          expect(answer?.body).toEqual(manifest.payload);
        }
      }
    });

    /** Pushes in parts whose bounds mean nothing to a bucket. */
    async function pushInParts(target: BlobTarget, blob: SampleBlob): Promise<void> {
      let location = await startUpload(target);
      const partSize = 1_234_567;
      for (let start = 0; start < blob.size; start += partSize) {
        const end = Math.min(start + partSize, blob.size);
        const content = source.chunks(blob, start, end);
        location = await sendPart(target, { location, content, range: { start, end } });
      }
      await finishUpload(target, { location, blob });
    }

    it('go on with an upload of which each request reaches the other server', async () => {
      const [client] = clients;
      if (client === undefined) throw new Error('no client');
      const blob = source.sample({ seed: 10, size: 10_000_000 });
      await pushInParts({ client, repository: 'chunked/one', source }, blob);

      const served = relay.exchanges.map(({ port }) => port);
      expect(served).toHaveLength(1 + 9 + 1);
      expect(served.slice(1).every((port, index) => port !== served[index])).toBe(true);
      expect(await digestsOf('chunked/one', blob)).toEqual([blob.digest, blob.digest]);
    });

    it('go on with eight such uploads at once', async () => {
      await Promise.all(
        CLIENTS.map(async (index) => {
          let turn = index;
          const client = new RegistryClient({
            ports,
            choose: () => ports[turn++ % ports.length] ?? 0,
          });
          const target = { client, repository: 'chunked/many', source };
          const blob = source.sample({ seed: 20 + index, size: 10_000_000 + index });
          await pushInParts(target, blob);
          client.close();
          expect(await digestsOf('chunked/many', blob)).toEqual([blob.digest, blob.digest]);
        }),
      );
    });
  });
});
