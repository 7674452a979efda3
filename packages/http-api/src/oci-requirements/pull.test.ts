import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { sampleBytes, sampleIndex } from '@purser/core/testing';
import { bytesOf, errorOf, headersOf } from '../fixtures/answers.ts';
import { CONTENT, DIGEST } from '../fixtures/upload-requests.ts';
import { IMAGE, RepositoryClient } from './fixtures/repository-client.ts';

describe('Pull a manifest', () => {
  it('PM-1 gives the exact bytes by tag and by digest', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const digest = await client.push('latest', manifest);
    for (const reference of ['latest', digest]) {
      const response = await client.get(`manifests/${reference}`);
      expect(response.status).toBe(200);
      expect(await bytesOf(response)).toEqual(Buffer.from(manifest.payload));
    }
  });

  it('PM-2 names the digest in the algorithm asked for, and of a tag that of its push', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const sha256 = await client.push('by256', manifest);
    const sha512 = digestOf(manifest.payload, 'sha512');
    await client.push(`${sha512}?tag=by512`, manifest);
    for (const [reference, digest] of [
      [sha256, sha256],
      [sha512, sha512],
      ['by256', sha256],
      ['by512', sha512],
    ] as const) {
      for (const method of ['GET', 'HEAD']) {
        const response = await client.send(method, `manifests/${reference}`);
        expect(response.headers.get('docker-content-digest')).toBe(digest);
      }
    }
  });

  it('PM-3 gives the media type that was pushed', async () => {
    await using client = await RepositoryClient.serve();
    const manifests = { image: await client.prepareImage(), index: sampleIndex([]) };
    for (const [tag, manifest] of Object.entries(manifests)) {
      await client.push(tag, manifest);
      const response = await client.get(`manifests/${tag}`);
      expect(response.headers.get('content-type')).toBe(manifest.mediaType);
    }
  });

  it('PM-4 gives the media type without parameters, also when it was pushed with some', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    await client.put('latest', manifest, { 'Content-Type': `${IMAGE}; charset=utf-8` });
    const response = await client.get('manifests/latest');
    expect(response.headers.get('content-type')).toBe(IMAGE);
  });

  it('PM-5 tells the length beforehand', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    await client.push('latest', manifest);
    const response = await client.get('manifests/latest');
    expect(headersOf(response, 'content-length', 'transfer-encoding')).toEqual({
      'content-length': String(manifest.payload.byteLength),
      'transfer-encoding': null,
    });
  });

  it('PM-6 does not know a manifest that only another repository has', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.in('a/c').pushImage(['latest']);
    for (const reference of ['latest', digest]) {
      const response = await client.get(`manifests/${reference}`);
      expect(await errorOf(response)).toEqual({ status: 404, code: 'MANIFEST_UNKNOWN' });
    }
  });

  it('PM-8 refuses a malformed digest', async () => {
    await using client = await RepositoryClient.serve();
    const response = await client.get('manifests/sha256:baddigeststring');
    expect(await errorOf(response)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
  });
});

describe('Pull a blob', () => {
  it('PB-1 gives the bytes, and their length beforehand', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushBlob(CONTENT);
    const response = await client.get(`blobs/${digest}`);
    expect(response.status).toBe(200);
    expect(headersOf(response, 'content-length', 'transfer-encoding')).toEqual({
      'content-length': '1000',
      'transfer-encoding': null,
    });
    expect(await bytesOf(response)).toEqual(CONTENT);
  });

  it('PB-2 names the digest in the algorithm asked for', async () => {
    await using client = await RepositoryClient.serve();
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const digest = await client.pushBlob(CONTENT, digestOf(CONTENT, algorithm));
      const response = await client.get(`blobs/${digest}`);
      expect(response.headers.get('docker-content-digest')).toBe(digest);
    }
  });

  it('PB-3 does not know a blob that only another repository has', async () => {
    await using client = await RepositoryClient.serve();
    await client.in('a/c').pushBlob(CONTENT);
    const response = await client.get(`blobs/${DIGEST}`);
    expect(await errorOf(response)).toEqual({ status: 404, code: 'BLOB_UNKNOWN' });
  });

  it.each([
    ['bytes=500-1499', 500, 1499],
    ['bytes=500-', 500, 2047],
    ['bytes=-500', 1548, 2047],
    ['bytes=2000-5000', 2000, 2047],
  ])('PB-4 gives the range %s', async (range, start, end) => {
    await using client = await RepositoryClient.serve();
    const content = Buffer.from(sampleBytes(2048));
    const digest = await client.pushBlob(content);
    const response = await client.get(`blobs/${digest}`, { Range: range });
    expect(response.status).toBe(206);
    expect(headersOf(response, 'content-length', 'content-range')).toEqual({
      'content-length': String(end - start + 1),
      'content-range': `bytes ${start}-${end}/2048`,
    });
    expect(await bytesOf(response)).toEqual(content.subarray(start, end + 1));
  });

  it.each(['bytes=500-0', 'bytes=5000-10000'])('PB-4 refuses the range %s', async (range) => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushBlob(sampleBytes(2048));
    const response = await client.get(`blobs/${digest}`, { Range: range });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */2048');
  });

  it('PB-4 gives ranges only of the blob that If-Range names, several at once too', async () => {
    await using client = await RepositoryClient.serve();
    const path = `blobs/${await client.pushBlob(CONTENT)}`;
    const status = async (headers: Record<string, string>) =>
      (await client.get(path, headers)).status;
    expect(await status({ Range: 'bytes=0-1', 'If-Range': `"${DIGEST}"` })).toBe(206);
    expect(await status({ Range: 'bytes=0-1', 'If-Range': '"other"' })).toBe(200);
    expect(await status({ Range: 'bytes=0-1,5-6' })).toBe(206);
    expect(await status({ Range: 'bytes=0-1', 'If-None-Match': `"${DIGEST}"` })).toBe(304);
  });

  it('PB-5 gives a blob of no bytes', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushBlob(new Uint8Array());
    const response = await client.get(`blobs/${digest}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('0');
    expect(await bytesOf(response)).toHaveLength(0);
  });
});

describe('HEAD', () => {
  it('H-1 finds manifests and blobs, and sends no bytes', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushImage(['latest']);
    const blob = await client.pushBlob(CONTENT);
    for (const path of ['manifests/latest', `manifests/${digest}`, `blobs/${blob}`]) {
      const response = await client.send('HEAD', path);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('');
    }
  });

  it('H-2 names the digest', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushImage(['latest']);
    await client.pushBlob(CONTENT);
    const manifest = await client.send('HEAD', 'manifests/latest');
    expect(manifest.headers.get('docker-content-digest')).toBe(digest);
    const blob = await client.send('HEAD', `blobs/${DIGEST}`);
    expect(blob.headers.get('docker-content-digest')).toBe(DIGEST);
  });

  it('H-3 tells the length, that of no bytes too', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    await client.push('latest', manifest);
    const lengths = new Map([
      ['manifests/latest', manifest.payload.byteLength],
      [`blobs/${await client.pushBlob(CONTENT)}`, 1000],
      [`blobs/${await client.pushBlob(new Uint8Array())}`, 0],
    ]);
    for (const [path, length] of lengths) {
      const response = await client.send('HEAD', path);
      expect(response.headers.get('content-length')).toBe(String(length));
    }
  });

  it('H-4 gives a manifest the media type that GET gives it', async () => {
    await using client = await RepositoryClient.serve();
    await client.pushImage(['latest']);
    const response = await client.send('HEAD', 'manifests/latest');
    expect(response.headers.get('content-type')).toBe(IMAGE);
  });

  it('H-5 does not find what was never there, nor what was deleted', async () => {
    await using client = await RepositoryClient.serve();
    const status = async (path: string) => (await client.send('HEAD', path)).status;
    expect(await status('manifests/latest')).toBe(404);
    expect(await status(`blobs/${DIGEST}`)).toBe(404);
    const digest = await client.pushImage();
    await client.pushBlob(CONTENT);
    await client.send('DELETE', `manifests/${digest}`);
    await client.send('DELETE', `blobs/${DIGEST}`);
    expect(await status(`manifests/${digest}`)).toBe(404);
    expect(await status(`blobs/${DIGEST}`)).toBe(404);
  });
});
