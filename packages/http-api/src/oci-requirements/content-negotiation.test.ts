import { describe, expect, it } from 'vitest';
import { sampleIndex } from '@purser/core/testing';
import { raw } from '../fixtures/hostile-requests.ts';
import { sendRaw } from '../fixtures/raw-request.ts';
import {
  describeManifestBytes,
  IMAGE,
  INDEX,
  RepositoryClient,
} from './fixtures/repository-client.ts';

/** An index of one image, tagged. */
async function serveIndex() {
  const client = await RepositoryClient.serve();
  const image = await client.prepareImage();
  const imageDigest = await client.push(describeManifestBytes(image).digest, image);
  const digest = await client.push('latest', sampleIndex([describeManifestBytes(image)]));
  return { client, digest, imageDigest };
}

describe('Content negotiation', () => {
  it('A-1 takes the types of several Accept lines together', async () => {
    const { client } = await serveIndex();
    await using _ = client;
    const headers = [`Accept: ${IMAGE}`, `Accept: ${INDEX}`];
    const request = raw('GET', '/v2/a/b/manifests/latest', { headers });
    const answer = await sendRaw(request, { port: client.server.port });
    expect(answer?.status).toBe(200);
    expect(answer?.headers.get('content-type')).toBe(INDEX);
  });

  it.each([[[]], [['Accept: */*']], [['Accept: application/*']]])(
    'A-2 gives anything to who accepts anything: %j',
    async (headers) => {
      const { client } = await serveIndex();
      await using _ = client;
      const request = raw('GET', '/v2/a/b/manifests/latest', { headers });
      const answer = await sendRaw(request, { port: client.server.port });
      expect(answer?.status).toBe(200);
    },
  );

  it('A-3 gives what a digest names, whatever Accept says', async () => {
    const { client, digest, imageDigest } = await serveIndex();
    await using _ = client;
    for (const [reference, accept, type] of [
      [digest, IMAGE, INDEX],
      [imageDigest, INDEX, IMAGE],
      [digest, 'text/html', INDEX],
    ] as const) {
      const response = await client.get(`manifests/${reference}`, { Accept: accept });
      expect(response.headers.get('docker-content-digest')).toBe(reference);
      expect(response.headers.get('content-type')).toBe(type);
    }
  });

  it('A-4 gives what a tag names, whatever Accept says', async () => {
    const { client, digest } = await serveIndex();
    await using _ = client;
    for (const accept of [IMAGE, 'text/html', 'application/json;q=0']) {
      const response = await client.get('manifests/latest', { Accept: accept });
      expect(response.status).toBe(200);
      expect(response.headers.get('docker-content-digest')).toBe(digest);
    }
  });

  it('A-5 does not say that answers vary, since they do not', async () => {
    const { client } = await serveIndex();
    await using _ = client;
    expect((await client.get('manifests/latest')).headers.get('vary')).toBeNull();
  });
});
