import { describe, expect, it } from 'vitest';
import {
  createManifestDecoder,
  digestOf,
  parseTag,
  RegistryError,
  type ManifestConverter,
  type ManifestFormat,
} from '@purser/core';
import { describeBytes, sampleFormats, sampleImage } from '@purser/core/testing';
import { bytesOf, errorOf, headersOf } from '../fixtures/answers.ts';
import { serve, type TestRegistry } from '../fixtures/serve.ts';

const OLD = 'application/vnd.example.old+json';
const OLDER = 'application/vnd.example.older+json';

/** Makes a document of another type that says what it was made of. */
function converter(from: string, to: string): ManifestConverter {
  return {
    mediaType: from,
    async convert({ mediaType, payload }, { repository, tag }) {
      const text = `${mediaType} of ${repository.name}:${tag}, ${digestOf(payload)}`;
      return { mediaType: to, payload: Buffer.from(text), references: [] };
    },
  };
}

const IMAGE = sampleImage({ config: describeBytes(Buffer.from('{}')), layers: [] });
const DIGEST = digestOf(IMAGE.payload);

/** A server with an image under the tag `latest`. */
async function serveImage(converters: readonly ManifestConverter[]): Promise<TestRegistry> {
  const server = await serve({ converters });
  const { blobs, manifests, tags } = server.repository('app');
  await blobs.put(Buffer.from('{}'));
  await tags.tag(parseTag('latest'), await manifests.put(IMAGE));
  return server;
}

const get = (server: TestRegistry, reference: string, accept: string) =>
  fetch(`${server.url}/v2/app/manifests/${reference}`, { headers: { accept } });

describe('a manifest by tag, with converters', () => {
  it('is converted for a client whose Accept does not name its media type', async () => {
    await using server = await serveImage([converter(IMAGE.mediaType, OLD)]);
    const response = await get(server, 'latest', `${OLD}, */*;q=0.5`);
    const body = await bytesOf(response);
    expect(Buffer.from(body).toString()).toContain(`of app:latest, ${DIGEST}`);
    expect(headersOf(response, 'content-type', 'docker-content-digest', 'etag', 'vary')).toEqual({
      'content-type': OLD,
      'docker-content-digest': digestOf(body),
      etag: `"${digestOf(body)}"`,
      vary: 'Accept',
    });
  });

  it('is converted until the client takes it, and by each converter at most once', async () => {
    await using server = await serveImage([
      converter(OLDER, IMAGE.mediaType),
      converter(IMAGE.mediaType, OLD),
      converter(OLD, OLDER),
    ]);
    const typeFor = async (accept: string) =>
      (await get(server, 'latest', accept)).headers.get('content-type');
    expect(await typeFor(OLD)).toBe(OLD);
    expect(await typeFor(OLDER)).toBe(OLDER);
    expect(await typeFor('text/plain')).toBe(IMAGE.mediaType);
  });

  it('stays as it is for a client that takes it, in a list or with a weight', async () => {
    await using server = await serveImage([converter(IMAGE.mediaType, OLD)]);
    const response = await get(server, 'latest', `${OLD}, ${IMAGE.mediaType};q=0.1`);
    expect(response.headers.get('docker-content-digest')).toBe(DIGEST);
  });

  it('is never converted when it is asked for by digest', async () => {
    await using server = await serveImage([converter(IMAGE.mediaType, OLD)]);
    const response = await get(server, DIGEST, OLD);
    expect(response.headers.get('content-type')).toBe(IMAGE.mediaType);
    expect(response.headers.get('vary')).toBeNull();
  });

  it('that cannot be converted is an error', async () => {
    const convert = async () => {
      throw new RegistryError('MANIFEST_INVALID', { message: 'there is no older form' });
    };
    await using server = await serveImage([{ mediaType: IMAGE.mediaType, convert }]);
    expect(await errorOf(await get(server, 'latest', OLD))).toEqual({
      status: 400,
      code: 'MANIFEST_INVALID',
    });
  });
});

describe('a manifest that says of which repository and tag it is', () => {
  const mediaType = OLD;
  const format: ManifestFormat = {
    mediaType,
    recognizes: () => false,
    decode: (payload) => ({
      mediaType,
      payload,
      references: [],
      claims: { repository: 'app', tag: 'v1' },
    }),
  };
  const decoder = createManifestDecoder([...sampleFormats, format]);

  const push = (server: TestRegistry, path: string) =>
    fetch(`${server.url}/v2/${path}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: '{}',
    });

  const digest = digestOf(Buffer.from('{}'));

  it.each(['app/manifests/v1', `app/manifests/${digest}`, `app/manifests/${digest}?tag=v1`])(
    'is taken as what it is: %s',
    async (path) => {
      await using server = await serve({ decoder });
      expect((await push(server, path)).status).toBe(201);
    },
  );

  it.each([
    ['other/manifests/v1', 'NAME_INVALID'],
    [`other/manifests/${digest}`, 'NAME_INVALID'],
    ['app/manifests/v2', 'MANIFEST_INVALID'],
    [`app/manifests/${digest}?tag=v1&tag=v2`, 'MANIFEST_INVALID'],
  ])('is not taken as another, and nothing is stored: %s', async (path, code) => {
    await using server = await serve({ decoder });
    expect(await errorOf(await push(server, path))).toEqual({ status: 400, code });
    expect((await fetch(`${server.url}/v2/app/manifests/${digest}`)).status).toBe(404);
  });
});
