import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { errorOf, headersOf } from '../fixtures/answers.ts';
import { CONTENT, DIGEST, patch, startUpload } from '../fixtures/upload-requests.ts';
import { describeManifestBytes, RepositoryClient } from './fixtures/repository-client.ts';

const UNSUPPORTED = { status: 400, code: 'UNSUPPORTED' };

describe('Where the specification is silent', () => {
  it.each(['-1', 'x', '1.5', '1e3', '%2B1', '0x1'])('I-1 refuses n=%s', async (n) => {
    await using client = await RepositoryClient.serve();
    await client.pushImage(['latest']);
    expect(await errorOf(await client.get(`tags/list?n=${n}`))).toEqual(UNSUPPORTED);
  });

  it('I-2 begins an upload without the last slash', async () => {
    await using client = await RepositoryClient.serve();
    const response = await client.send('POST', 'blobs/uploads', { redirect: 'error' });
    expect(response.status).toBe(202);
    expect((await fetch(response.headers.get('location') ?? '')).status).toBe(204);
  });

  it('I-3 refuses a push with an invalid tag, and stores nothing', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const digest = digestOf(manifest.payload);
    const long = 'x'.repeat(129);
    for (const reference of ['-x', long, `${digest}?tag=a&tag=-x`, `${digest}?tag=a&tag=${long}`]) {
      const response = await client.put(reference, manifest);
      expect(await errorOf(response)).toEqual({ status: 400, code: 'MANIFEST_INVALID' });
    }
    expect((await client.get(`manifests/${digest}`)).status).toBe(404);
    expect(await client.tags()).toEqual([]);
  });

  it('I-4 refuses tag parameters beside a tag', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    expect(await errorOf(await client.put('a?tag=b', manifest))).toEqual(UNSUPPORTED);
    expect(await client.tags()).toEqual([]);
  });

  it('I-5 sets a tag once that is named twice', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const response = await client.put(`${digestOf(manifest.payload)}?tag=a&tag=a`, manifest);
    expect(response.headers.get('oci-tag')).toBe('a');
  });

  it('I-6 refuses to mount a malformed digest, and begins an upload for a wrong from', async () => {
    await using client = await RepositoryClient.serve();
    const mount = (query: string) => client.send('POST', `blobs/uploads/?mount=${query}`);
    const malformed = { status: 400, code: 'DIGEST_INVALID' };
    expect(await errorOf(await mount('sha256:00&from=source'))).toEqual(malformed);
    for (const from of ['unknown', 'NO/NAME', '..', '']) {
      expect((await mount(`${DIGEST}&from=${from}`)).status).toBe(202);
    }
  });

  it('I-7 reads a space in artifactType as the plus sign that it was', async () => {
    await using client = await RepositoryClient.serve();
    const image = await client.prepareImage();
    const subject = describeManifestBytes(image);
    await client.pushImage([], { subject, artifactType: 'application/vnd.x+json' });
    const query = '?artifactType=application/vnd.x+json';
    expect(await client.referrers(subject.digest, query)).toHaveLength(1);
  });

  it.each(['UPPER', 'a--/b', 'a..b', '-a', 'a_', 'é'])('I-8 refuses the name %s', async (name) => {
    await using client = await RepositoryClient.serve();
    for (const path of ['tags/list', 'manifests/latest', `blobs/${DIGEST}`]) {
      const response = await client.in(name).get(path);
      expect(await errorOf(response)).toEqual({ status: 400, code: 'NAME_INVALID' });
    }
  });

  it.each([
    ['tags/list', 'GET, HEAD'],
    ['manifests/latest', 'DELETE, GET, HEAD, PUT'],
    [`blobs/${DIGEST}`, 'DELETE, GET, HEAD'],
    [`referrers/${DIGEST}`, 'GET, HEAD'],
  ])('I-9 says of %s which methods there are', async (path, allow) => {
    await using client = await RepositoryClient.serve();
    const response = await client.send('PATCH', path);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await errorOf(response)).toEqual({ status: 405, code: 'UNSUPPORTED' });
  });

  it('I-10 answers HEAD of an upload as GET', async () => {
    await using client = await RepositoryClient.serve();
    const location = await startUpload(client.server);
    await patch(location, CONTENT);
    const answers = [await fetch(location), await fetch(location, { method: 'HEAD' })];
    for (const answer of answers) {
      expect(answer.status).toBe(204);
      expect(headersOf(answer, 'location', 'range')).toEqual({ location, range: '0-999' });
    }
  });

  it('I-11 moves a tag only under the conditions given', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushImage(['latest']);
    const manifest = await client.prepareImage({ seed: 5 });
    const put = (tag: string, headers: Record<string, string>) =>
      client.put(tag, manifest, headers);
    const failed = { status: 412, code: 'UNSUPPORTED' };
    expect(await errorOf(await put('latest', { 'If-None-Match': '*' }))).toEqual(failed);
    expect(await errorOf(await put('latest', { 'If-Match': `"${DIGEST}"` }))).toEqual(failed);
    expect(await errorOf(await put('new', { 'If-Match': '*' }))).toEqual(failed);
    expect(await client.tags()).toEqual(['latest']);
    const head = await client.send('HEAD', 'manifests/latest');
    expect(head.headers.get('docker-content-digest')).toBe(digest);
    expect((await put('new', { 'If-None-Match': '*' })).status).toBe(201);
    expect((await put('latest', { 'If-Match': `"${digest}"` })).status).toBe(201);
  });

  it('I-12 has a repository from its first blob, upload or manifest on', async () => {
    await using client = await RepositoryClient.serve();
    await client.in('by/blob').pushBlob(sampleBytes(3));
    await client.in('by/upload').startUpload();
    await client.in('by/manifest').pushImage(['gone']);
    await client.in('by/manifest').send('DELETE', 'manifests/gone');
    for (const name of ['by/blob', 'by/upload', 'by/manifest']) {
      const response = await client.in(name).get('tags/list');
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ name, tags: [] });
    }
  });
});
