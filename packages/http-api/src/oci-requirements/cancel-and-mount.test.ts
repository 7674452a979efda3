import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { bytesOf, errorOf } from '../fixtures/answers.ts';
import { CONTENT, DIGEST, finish, patch } from '../fixtures/upload-requests.ts';
import { RepositoryClient } from './fixtures/repository-client.ts';

/** A blob in `source`, and a client of `a/b`. */
async function serveSource(): Promise<RepositoryClient> {
  const client = await RepositoryClient.serve();
  await client.in('source').pushBlob(CONTENT);
  return client;
}

function mount(client: RepositoryClient, query: string): Promise<Response> {
  return client.send('POST', `blobs/uploads/?mount=${query}`);
}

describe('Cancel and mount', () => {
  it('X-1 ends an upload, before and after its first byte', async () => {
    await using client = await RepositoryClient.serve();
    for (const content of [undefined, CONTENT]) {
      const location = await client.startUpload();
      if (content) await patch(location, content);
      const response = await fetch(location, { method: 'DELETE' });
      expect(response.status).toBe(204);
      expect(await response.text()).toBe('');
      const unknown = { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' };
      expect(await errorOf(await fetch(location))).toEqual(unknown);
      expect(await errorOf(await finish(location))).toEqual(unknown);
    }
  });

  it('X-1 does not know an upload that was never begun', async () => {
    await using client = await RepositoryClient.serve();
    const response = await client.send('DELETE', `blobs/uploads/${randomUUID()}`);
    expect(await errorOf(response)).toEqual({ status: 404, code: 'BLOB_UPLOAD_UNKNOWN' });
  });

  it('X-3 mounts a blob, to be pulled at once', async () => {
    await using client = await serveSource();
    const response = await mount(client, `${DIGEST}&from=source`);
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(client.url(`blobs/${DIGEST}`));
    expect(await bytesOf(await client.get(`blobs/${DIGEST}`))).toEqual(CONTENT);
  });

  it('X-4 finds a blob to mount without being told where it is', async () => {
    await using client = await serveSource();
    expect((await mount(client, DIGEST)).status).toBe(201);
    expect(await bytesOf(await client.get(`blobs/${DIGEST}`))).toEqual(CONTENT);
  });

  const ABSENT = digestOf(Buffer.from('absent'));

  it.each([
    ['its repository lacks it', `${DIGEST}&from=empty`],
    ['no repository has it', ABSENT],
    ['its algorithm is another', `${digestOf(CONTENT, 'sha512')}&from=source`],
  ])('X-5 begins an upload when %s', async (_reason, query) => {
    await using client = await serveSource();
    const response = await mount(client, query);
    expect(response.status).toBe(202);
    const location = response.headers.get('location') ?? '';
    expect((await finish(location, { content: CONTENT })).status).toBe(201);
  });

  it('X-6 names the digest asked for', async () => {
    await using client = await serveSource();
    const sha512 = await client.in('source').pushBlob(CONTENT, digestOf(CONTENT, 'sha512'));
    for (const digest of [DIGEST, sha512]) {
      const response = await mount(client, `${digest}&from=source`);
      expect(response.headers.get('docker-content-digest')).toBe(digest);
    }
  });

  it('X-7 keeps a mounted blob and its source apart', async () => {
    await using client = await serveSource();
    const source = client.in('source');
    const path = `blobs/${DIGEST}`;
    await mount(client, `${DIGEST}&from=source`);
    expect((await client.send('DELETE', path)).status).toBe(202);
    expect((await client.get(path)).status).toBe(404);
    expect((await source.get(path)).status).toBe(200);
    await mount(client, `${DIGEST}&from=source`);
    expect((await source.send('DELETE', path)).status).toBe(202);
    expect((await source.get(path)).status).toBe(404);
    expect(await bytesOf(await client.get(path))).toEqual(CONTENT);
  });
});
