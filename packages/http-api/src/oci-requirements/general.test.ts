import { describe, expect, it } from 'vitest';
import { digestOf, RegistryError } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { bytesOf, errorOf } from '../fixtures/answers.ts';
import { raw } from '../fixtures/hostile-requests.ts';
import { sendRaw } from '../fixtures/raw-request.ts';
import { listen } from '../fixtures/serve.ts';
import { CONTENT, DIGEST, finish, patch } from '../fixtures/upload-requests.ts';
import { withBlobs } from '../fixtures/with-blobs.ts';
import { IMAGE, RepositoryClient } from './fixtures/repository-client.ts';

/** Headers of the connection, not of what is asked for. */
const OF_THE_MOMENT = new Set(['connection', 'date', 'keep-alive']);

function lastingHeaders({ headers }: Response) {
  return Object.fromEntries([...headers].filter(([name]) => !OF_THE_MOMENT.has(name)));
}

describe('General', () => {
  it('G-1 answers every endpoint of pull', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushImage(['latest']);
    const blob = await client.pushBlob(CONTENT);
    for (const path of ['manifests/latest', `manifests/${digest}`, `blobs/${blob}`]) {
      expect((await client.get(path)).status).toBe(200);
      expect((await client.send('HEAD', path)).status).toBe(200);
    }
  });

  it('G-2 answers every endpoint of push, discovery and management', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const digest = digestOf(manifest.payload);
    const location = await client.startUpload();
    const statuses = {
      patch: (await patch(location, CONTENT)).status,
      status: (await fetch(location)).status,
      finish: (await finish(location)).status,
      cancel: (await fetch(await client.startUpload(), { method: 'DELETE' })).status,
      push: (await client.put('latest', manifest)).status,
      tags: (await client.get('tags/list')).status,
      referrers: (await client.get(`referrers/${digest}`)).status,
      deleteTag: (await client.send('DELETE', 'manifests/latest')).status,
      deleteManifest: (await client.send('DELETE', `manifests/${digest}`)).status,
      deleteBlob: (await client.send('DELETE', `blobs/${DIGEST}`)).status,
    };
    expect(statuses).toEqual({
      patch: 202,
      status: 204,
      finish: 201,
      cancel: 204,
      push: 201,
      tags: 200,
      referrers: 200,
      deleteTag: 202,
      deleteManifest: 202,
      deleteBlob: 202,
    });
  });

  it('G-3 says with 200 that the specification is implemented', async () => {
    await using client = await RepositoryClient.serve();
    const response = await fetch(`${client.server.url}/v2/`);
    expect(response.status).toBe(200);
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    expect(await response.json()).toEqual({});
  });

  it('G-4 answers HEAD with the headers of GET, as RFC 9110 wants it', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushImage(['latest']);
    const blob = await client.pushBlob(CONTENT);
    for (const path of [
      'manifests/latest',
      'manifests/unknown',
      `blobs/${blob}`,
      'tags/list',
      `referrers/${digest}`,
    ]) {
      const get = await client.get(path);
      const head = await client.send('HEAD', path);
      expect(head.status).toBe(get.status);
      expect(lastingHeaders(head)).toEqual(lastingHeaders(get));
      expect(await head.text()).toBe('');
    }
  });

  it('G-5 sends clients to where a blob lies, who end with the status that is documented', async () => {
    await using elsewhere = await listen((_request, response) => response.end(CONTENT));
    await using client = await RepositoryClient.serve({
      decorate: (repository) =>
        withBlobs(repository, { locate: async () => new URL(elsewhere.url) }),
    });
    const path = `blobs/${DIGEST}`;
    expect((await client.send('GET', path, { redirect: 'manual' })).status).toBe(307);
    const followed = await client.get(path);
    expect(followed.status).toBe(200);
    expect(await bytesOf(followed)).toEqual(CONTENT);
  });

  it('G-6 has nothing to pull from a repository that does not exist', async () => {
    await using client = await RepositoryClient.serve();
    for (const path of ['manifests/latest', `manifests/${DIGEST}`]) {
      const unknown = { status: 404, code: 'MANIFEST_UNKNOWN' };
      expect(await errorOf(await client.get(path))).toEqual(unknown);
    }
    const blob = await client.get(`blobs/${DIGEST}`);
    expect(await errorOf(blob)).toEqual({ status: 404, code: 'BLOB_UNKNOWN' });
  });

  it('G-7 gives the bytes that were pushed, never compressed or written anew', async () => {
    await using client = await RepositoryClient.serve();
    const { payload } = await client.prepareImage();
    const document = JSON.parse(Buffer.from(payload).toString()) as object;
    const unusual = Buffer.from(` \n${JSON.stringify(document, null, '\t ')}\r\n`);
    await client.push('latest', { mediaType: IMAGE, payload: unusual });
    const zeros = Buffer.alloc(100_000);
    const blob = await client.pushBlob(zeros);
    for (const [path, bytes] of [
      ['manifests/latest', unusual],
      [`blobs/${blob}`, zeros],
    ] as const) {
      const response = await client.get(path, { 'Accept-Encoding': 'gzip, br, zstd' });
      expect(response.headers.get('content-encoding')).toBeNull();
      expect(await bytesOf(response)).toEqual(bytes);
    }
  });

  it('G-8 says with 429 when to come again', async () => {
    await using client = await RepositoryClient.serve({
      decorate() {
        throw new RegistryError('TOOMANYREQUESTS');
      },
    });
    const response = await client.get('tags/list');
    expect(response.headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/);
    expect(await errorOf(response)).toEqual({ status: 429, code: 'TOOMANYREQUESTS' });
  });
});

describe('Proxy', () => {
  it('N-1 takes any Host, and tells where things are under it', async () => {
    await using client = await RepositoryClient.serve();
    const { port } = client.server;
    const answer = await sendRaw(raw('POST', '/v2/a/b/blobs/uploads/'), { port });
    expect(answer?.status).toBe(202);
    expect(answer?.headers.get('location')).toMatch(/^http:\/\/x\/v2\/a\/b\/blobs\/uploads\//);
  });

  it('N-2 gives the same with ns as without', async () => {
    await using client = await RepositoryClient.serve();
    const digest = await client.pushImage(['latest']);
    const blob = await client.pushBlob(sampleBytes(50));
    for (const path of [
      'manifests/latest',
      `manifests/${digest}`,
      `blobs/${blob}`,
      'tags/list',
      `referrers/${digest}`,
    ]) {
      const plain = await bytesOf(await client.get(path));
      for (const ns of ['docker.io', 'registry.example%3A5000', '']) {
        expect(await bytesOf(await client.get(`${path}?ns=${ns}`))).toEqual(plain);
      }
    }
  });

  it('N-3 does not claim to have gone by ns', async () => {
    await using client = await RepositoryClient.serve();
    await client.pushImage(['latest']);
    const response = await client.get('manifests/latest?ns=docker.io');
    expect(response.headers.get('oci-namespace')).toBeNull();
  });
});
