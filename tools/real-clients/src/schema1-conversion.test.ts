import { tmpdir } from 'node:os';
import { needPrograms } from '@purser/external-programs';
import {
  ask,
  blobPath,
  digestOf,
  dockerRegistry,
  manifestPath,
  purser,
  RegistryClient,
  Sandbox,
  type RegistryAnswer,
} from '@purser/registry-under-test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  handmadeImages,
  imageWithoutRootfs,
  inconvertibleImages,
  pushImage,
  type HandmadeImage,
} from './convertible-images.ts';
import { negotiations, pushOneOfEachType, type TypedManifest } from './negotiations.ts';
import { outcomeOf } from './outcome.ts';
import { withSchema1 } from './with-schema1.ts';
import { DOCKER_LIST, type Payload } from './sample-content.ts';
import { readSignedManifest, SCHEMA1 } from './signed-manifest.ts';

const INVALID = [400, 'MANIFEST_INVALID'];

const programs = needPrograms('docker-registry');

describe.skipIf(programs.isUnmet)(`manifests for clients of schema 1${programs.note}`, () => {
  let sandbox: Sandbox;
  let theirs: RegistryClient;
  let ours: RegistryClient;
  const clients: RegistryClient[] = [];

  beforeAll(async () => {
    sandbox = await Sandbox.create({ parent: tmpdir(), prefix: 'purser-conversion-' });
    const start = async (root: string, program = purser()) => {
      const { port } = await sandbox.start(withSchema1(program), { root });
      const client = new RegistryClient({ ports: [port] });
      clients.push(client);
      return client;
    };
    theirs = await start('theirs', dockerRegistry());
    ours = await start('ours');
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await sandbox[Symbol.asyncDispose]();
  });

  /** Does the same to both registries. */
  async function both<T>(act: (client: RegistryClient) => Promise<T>): Promise<readonly [T, T]> {
    return [await act(theirs), await act(ours)];
  }

  describe('a schema 2 image by tag', () => {
    it.each(handmadeImages)('$name: the same schema 1 manifest', async (image) => {
      const repository = repositoryOf(image);
      await both((client) => pushImage({ client, repository }, 'v1.0_A-b', image));
      for (const accept of [SCHEMA1, undefined, '*/*']) {
        const path = manifestPath(repository, 'v1.0_A-b');
        const headers = accept === undefined ? {} : { accept };
        const [expected, actual] = await both((client) =>
          ask(client, { method: 'GET', path, headers }, [200]),
        );
        expect(payloadOf(actual).toString()).toBe(payloadOf(expected).toString());
        expect(describeAnswer(actual)).toEqual(describeAnswer(expected));
        expect(actual.headers).toMatchObject({
          'content-type': SCHEMA1,
          'docker-content-digest': digestOf(payloadOf(actual)),
        });
      }
    });

    it('the layers that it names can be pulled, the empty one included', async () => {
      const image = handmadeImages.find(({ name }) => name.startsWith('empty layers'))!;
      const repository = `pulled/${repositoryOf(image)}`;
      await pushImage({ client: ours, repository }, 'latest', image);
      const path = manifestPath(repository, 'latest');
      const { body } = await ask(ours, { method: 'GET', path }, [200]);
      const { fsLayers } = JSON.parse(body.toString()) as { fsLayers: { blobSum: string }[] };
      expect(fsLayers).toHaveLength(6);
      for (const { blobSum } of fsLayers) {
        const blob = { method: 'GET', path: blobPath(repository, blobSum) };
        expect(digestOf((await ask(ours, blob, [200])).body)).toBe(blobSum);
      }
    });
  });

  describe('an image that has no schema 1 form', () => {
    const outcomeFrom = async (client: RegistryClient, repository: string) => {
      const path = manifestPath(repository, 'latest');
      return outcomeOf(await client.request({ method: 'GET', path }));
    };

    it.each(inconvertibleImages)('$name: MANIFEST_INVALID', async (image) => {
      const repository = repositoryOf(image);
      await both((client) => pushImage({ client, repository }, 'latest', image));
      const outcomes = await both((client) => outcomeFrom(client, repository));
      expect(outcomes).toEqual([INVALID, INVALID]);
    });

    it('no rootfs: MANIFEST_INVALID, where distribution 2.8 panics', async () => {
      const repository = repositoryOf(imageWithoutRootfs);
      await pushImage({ client: ours, repository }, 'latest', imageWithoutRootfs);
      expect(await outcomeFrom(ours, repository)).toEqual(INVALID);
    });

    it('a config that is not there any more: MANIFEST_INVALID', async () => {
      const [image] = handmadeImages;
      const repository = 'without/config';
      await both(async (client) => {
        await pushImage({ client, repository }, 'latest', image!);
        const path = blobPath(repository, digestOf(image!.config));
        await ask(client, { method: 'DELETE', path }, [202]);
      });
      const outcomes = await both((client) => outcomeFrom(client, repository));
      expect(outcomes).toEqual([INVALID, INVALID]);
    });
  });

  describe('what a client takes', () => {
    let stored: readonly TypedManifest[];

    beforeAll(async () => {
      [stored] = await both((client) => pushOneOfEachType({ client, repository: 'negotiated' }));
    });

    it.each(negotiations)('$type by $by, $method, Accept $accept', async (negotiation) => {
      const { type, by, method, headers } = negotiation;
      const { tag, manifest } = stored.find((one) => one.type === type)!;
      const path = manifestPath('negotiated', by === 'tag' ? tag : manifest.digest);
      const [expected, actual] = await both((client) => client.request({ method, path, headers }));
      const isRefused = type.startsWith('OCI') && expected.status === 404;
      expect(expected.status).toBe(isRefused ? 404 : 200);
      expect(describeAnswer(actual)).toEqual(
        isRefused ? givenAnyway(manifest, method) : describeAnswer(expected),
      );
    });

    it('media types in capitals are the same types, which distribution 2.8 does not know', async () => {
      const path = manifestPath('negotiated', 'list');
      const headers = { accept: DOCKER_LIST.toUpperCase() };
      const answers = await both((client) => ask(client, { method: 'GET', path, headers }, [200]));
      expect(answers.map((answer) => answer.headers['content-type'])).toEqual([
        SCHEMA1,
        DOCKER_LIST,
      ]);
    });

    it.each(['without-amd64', 'with-missing-amd64'])(
      'a manifest list %s is not known to a client that takes no lists',
      async (tag) => {
        const request = { method: 'GET', path: manifestPath('negotiated', tag) };
        const answers = await both((client) => client.request(request));
        const unknown = [404, 'MANIFEST_UNKNOWN'];
        expect(answers.map(outcomeOf)).toEqual([unknown, unknown]);
      },
    );
  });
});

function repositoryOf({ name }: HandmadeImage): string {
  return `image/${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
}

/** What is signed of a schema 1 manifest, and the whole of any other. */
function payloadOf({ headers, body }: RegistryAnswer): Buffer {
  return headers['content-type'] === SCHEMA1 ? readSignedManifest(body).payload : body;
}

/** What must be the same in two registries. Signatures differ, and with them the length of what is signed. */
function describeAnswer(answer: RegistryAnswer): object {
  const { status, headers, body } = answer;
  const type = headers['content-type'];
  return {
    status,
    type,
    digest: headers['docker-content-digest'],
    etag: headers['etag'],
    ...(type !== SCHEMA1 && { length: headers['content-length'] }),
    content: body.byteLength > 0 && digestOf(payloadOf(answer)),
  };
}

/** Declared: an OCI manifest or index is given whatever `Accept` says, where distribution 2.8 does not know it. */
function givenAnyway({ mediaType, digest, payload }: Payload, method: string): object {
  return {
    status: 200,
    type: mediaType,
    digest,
    etag: `"${digest}"`,
    length: String(payload.byteLength),
    content: method === 'GET' && digest,
  };
}
