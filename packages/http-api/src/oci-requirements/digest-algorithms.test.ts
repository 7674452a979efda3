import { describe, expect, it } from 'vitest';
import { digestOf, type Digest } from '@purser/core';
import { describeBytes, sampleImage, sampleIndex } from '@purser/core/testing';
import { bytesOf, errorOf } from '../fixtures/answers.ts';
import { CONTENT, DIGEST, finish } from '../fixtures/upload-requests.ts';
import {
  describeManifestBytes,
  IMAGE,
  manifestOf,
  RepositoryClient,
} from './fixtures/repository-client.ts';

const SHA512 = digestOf(CONTENT, 'sha512');
const UNKNOWN = 'unknown+x:Ab=_-' as Digest;

/** An image whose blobs and itself are named by sha512, pushed. */
async function serveSha512() {
  const client = await RepositoryClient.serve();
  await client.pushBlob(CONTENT, SHA512);
  const blob = { ...describeBytes(CONTENT), digest: SHA512 };
  const image = sampleImage({ config: blob, layers: [blob] });
  const digest = digestOf(image.payload, 'sha512');
  const response = await client.put(`${digest}?tag=latest`, image);
  return { client, image, digest, response };
}

describe('Digest algorithms', () => {
  it('L-1 finds, lists, reports and deletes by sha512 what was pushed by it', async () => {
    const { client, image, digest } = await serveSha512();
    await using _ = client;
    const subject = { ...describeManifestBytes(image), digest };
    const referrer = await client.prepareImage({ subject });
    const referrerDigest = digestOf(referrer.payload, 'sha512');
    await client.push(referrerDigest, referrer);
    const [entry] = await client.referrers(digest);
    expect(entry?.digest).toBe(referrerDigest);
    expect(await bytesOf(await client.get(`manifests/${digest}`))).toEqual(
      Buffer.from(image.payload),
    );
    expect((await client.send('DELETE', `manifests/${digest}`)).status).toBe(202);
    expect((await client.send('DELETE', `blobs/${SHA512}`)).status).toBe(202);
  });

  it('L-2 checks references by the literal digest', async () => {
    const { client, image, digest, response } = await serveSha512();
    await using _ = client;
    expect(response.status).toBe(201);
    const member = { ...describeManifestBytes(image), digest };
    expect((await client.put('index', sampleIndex([member]))).status).toBe(201);
    const other = client.in('a/c');
    await other.pushBlob(CONTENT, DIGEST);
    expect(await errorOf(await other.put('latest', image))).toEqual({
      status: 400,
      code: 'MANIFEST_BLOB_UNKNOWN',
    });
  });

  it('L-3 keeps the algorithm of the push in digest, Location and tag', async () => {
    const { client, digest, response } = await serveSha512();
    await using _ = client;
    expect(response.headers.get('docker-content-digest')).toBe(digest);
    expect(response.headers.get('location')).toBe(client.url(`manifests/${digest}`));
    const tagged = await client.send('HEAD', 'manifests/latest');
    expect(tagged.headers.get('docker-content-digest')).toBe(digest);
    const finished = await finish(await client.startUpload(), { content: CONTENT, digest: SHA512 });
    expect(finished.headers.get('docker-content-digest')).toBe(SHA512);
    expect(finished.headers.get('location')).toBe(client.url(`blobs/${SHA512}`));
  });

  it('L-4 does not know a sha512 name that was deleted, also when another is left', async () => {
    const { client, image, digest } = await serveSha512();
    await using _ = client;
    await client.push('by256', image);
    await client.pushBlob(CONTENT, DIGEST);
    await client.send('DELETE', `manifests/${digest}`);
    await client.send('DELETE', `blobs/${SHA512}`);
    expect((await client.get(`manifests/${digest}`)).status).toBe(404);
    expect((await client.get('manifests/latest')).status).toBe(404);
    expect((await client.get('manifests/by256')).status).toBe(200);
    expect((await client.get(`blobs/${SHA512}`)).status).toBe(404);
    expect((await client.get(`blobs/${DIGEST}`)).status).toBe(200);
  });

  it('L-5 finds nothing by an algorithm that it does not know', async () => {
    await using client = await RepositoryClient.serve();
    const blob = await client.get(`blobs/${UNKNOWN}`);
    expect(await errorOf(blob)).toEqual({ status: 404, code: 'BLOB_UNKNOWN' });
    const manifest = await client.get(`manifests/${UNKNOWN}`);
    expect(await errorOf(manifest)).toEqual({ status: 404, code: 'MANIFEST_UNKNOWN' });
    expect(await client.referrers(UNKNOWN)).toEqual([]);
  });

  it('L-5 stores nothing by an algorithm that it does not know, but takes it in descriptors', async () => {
    await using client = await RepositoryClient.serve();
    const image = await client.prepareImage();
    const refused = { status: 400, code: 'DIGEST_INVALID' };
    expect(await errorOf(await client.put(UNKNOWN, image))).toEqual(refused);
    const finished = await finish(await client.startUpload(), { digest: UNKNOWN });
    expect(await errorOf(finished)).toEqual(refused);
    const subject = { mediaType: IMAGE, digest: UNKNOWN, size: 1 };
    const document = JSON.parse(Buffer.from(image.payload).toString()) as object;
    const referrer = manifestOf(IMAGE, { ...document, subject });
    expect((await client.put('latest', referrer)).status).toBe(201);
  });
});
