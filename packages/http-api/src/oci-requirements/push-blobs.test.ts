import { describe, expect, it } from 'vitest';
import { digestOf } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { bytesOf, errorOf } from '../fixtures/answers.ts';
import { CONTENT, DIGEST, finish, patch } from '../fixtures/upload-requests.ts';
import { RepositoryClient } from './fixtures/repository-client.ts';
import { UPLOAD_FLOWS } from './fixtures/upload-flows.ts';

const SHA512 = digestOf(CONTENT, 'sha512');

describe('Push a blob', () => {
  it('U-1 begins a session of its own at each POST', async () => {
    await using client = await RepositoryClient.serve();
    const ids = new Set<string>();
    for (let count = 0; count < 3; count++) {
      const response = await client.send('POST', 'blobs/uploads/');
      expect(response.status).toBe(202);
      const location = response.headers.get('location') ?? '';
      ids.add(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(location)?.[0] ?? '');
    }
    expect([...ids].filter((id) => id !== '')).toHaveLength(3);
  });

  it.each(UPLOAD_FLOWS)(
    'U-2 gives a blob at once from its Location, by %s',
    async (_name, push) => {
      await using client = await RepositoryClient.serve();
      const response = await push(client);
      expect(response.status).toBe(201);
      const location = new URL(response.headers.get('location') ?? '', client.server.url);
      expect(await bytesOf(await fetch(location))).toEqual(CONTENT);
    },
  );

  it.each(UPLOAD_FLOWS)("U-3 names the client's digest, by %s", async (_name, push) => {
    await using client = await RepositoryClient.serve();
    for (const digest of [DIGEST, SHA512]) {
      const response = await push(client, digest);
      expect(response.headers.get('docker-content-digest')).toBe(digest);
    }
  });

  it.each(UPLOAD_FLOWS)(
    'U-4 refuses a digest that is malformed or not supported, by %s',
    async (_name, push) => {
      await using client = await RepositoryClient.serve();
      for (const digest of ['sha256:00', 'sha256', 'md5:d41d8cd98f00b204e9800998ecf8427e', '']) {
        const refused = { status: 400, code: 'DIGEST_INVALID' };
        expect(await errorOf(await push(client, digest))).toEqual(refused);
      }
    },
  );

  it.each(UPLOAD_FLOWS)(
    'U-5 refuses content that its digest does not name, and stores nothing, by %s',
    async (_name, push) => {
      await using client = await RepositoryClient.serve();
      const other = sampleBytes(1000, 9);
      for (const digest of [digestOf(other), digestOf(other, 'sha512')]) {
        const refused = { status: 400, code: 'DIGEST_INVALID' };
        expect(await errorOf(await push(client, digest))).toEqual(refused);
        expect((await client.get(`blobs/${digest}`)).status).toBe(404);
      }
      expect((await client.get(`blobs/${DIGEST}`)).status).toBe(404);
      expect((await client.get(`blobs/${SHA512}`)).status).toBe(404);
    },
  );

  it('U-6 takes a blob in a single POST', async () => {
    await using client = await RepositoryClient.serve();
    const path = `blobs/uploads/?digest=${DIGEST}`;
    const response = await client.send('POST', path, { body: CONTENT });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toContain(`/v2/a/b/blobs/${DIGEST}`);
  });

  it('U-8 takes the announcement of an algorithm, and refuses one it does not know', async () => {
    await using client = await RepositoryClient.serve();
    const location = await client.startUpload('?digest-algorithm=sha512');
    expect((await finish(location, { content: CONTENT, digest: SHA512 })).status).toBe(201);
    const unknown = await client.send('POST', 'blobs/uploads/?digest-algorithm=md5');
    expect(await errorOf(unknown)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
  });

  it('U-8 takes the announcement for a hint: another algorithm may come', async () => {
    await using client = await RepositoryClient.serve();
    const location = await client.startUpload('?digest-algorithm=sha512');
    expect((await finish(location, { content: CONTENT })).status).toBe(201);
  });

  it('U-9 verifies and stores by sha512 without an announcement', async () => {
    await using client = await RepositoryClient.serve();
    const location = await client.startUpload();
    await patch(location, CONTENT);
    expect((await finish(location, { digest: SHA512 })).status).toBe(201);
    expect(await bytesOf(await client.get(`blobs/${SHA512}`))).toEqual(CONTENT);
  });

  it('U-10 names no shortest chunk, and takes chunks of one byte', async () => {
    await using client = await RepositoryClient.serve();
    const begun = await client.send('POST', 'blobs/uploads/');
    expect(begun.headers.get('oci-chunk-min-length')).toBeNull();
    const location = begun.headers.get('location') ?? '';
    for (let at = 0; at < 3; at++) {
      const chunk = CONTENT.subarray(at, at + 1);
      expect((await patch(location, chunk, `${at}-${at}`)).status).toBe(202);
    }
    const digest = digestOf(CONTENT.subarray(0, 3));
    expect((await finish(location, { digest })).status).toBe(201);
  });

  it('U-11 takes bodies with a length and in chunks of unknown number', async () => {
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const headers = { 'Content-Type': manifest.mediaType };
    const requests: [
      method: string,
      url: string,
      body: Uint8Array,
      headers?: Record<string, string>,
    ][] = [
      ['POST', client.url(`blobs/uploads/?digest=${DIGEST}`), CONTENT],
      ['PATCH', await client.startUpload(), CONTENT],
      ['PUT', `${await client.startUpload()}?digest=${DIGEST}`, CONTENT],
      ['PUT', client.url('manifests/latest'), manifest.payload, headers],
    ];
    const statuses: number[] = [];
    for (const [method, url, bytes, ofBody = {}] of requests) {
      const body = ReadableStream.from([bytes.subarray(0, 9), bytes.subarray(9)]);
      const init = { method, body, headers: ofBody, duplex: 'half' } as const;
      statuses.push((await fetch(url, init)).status);
    }
    expect(statuses).toEqual([201, 202, 201, 201]);
    expect(await bytesOf(await client.get(`blobs/${DIGEST}`))).toEqual(CONTENT);
  });

  it('U-13 takes the same blob from several clients at once', async () => {
    await using client = await RepositoryClient.serve();
    const pushes = UPLOAD_FLOWS.flatMap(([, push]) => [push(client), push(client)]);
    for (const response of await Promise.all(pushes)) expect(response.status).toBe(201);
    expect(await bytesOf(await client.get(`blobs/${DIGEST}`))).toEqual(CONTENT);
  });
});
