import { describe, expect, it } from 'vitest';
import { digestOf, RegistryError } from '@purser/core';
import { bytesOf, errorOf, headersOf } from '../fixtures/answers.ts';
import { serve, type TestRegistry } from '../fixtures/serve.ts';
import { CONTENT, DIGEST, finish } from '../fixtures/upload-requests.ts';
import { withBlobs } from '../fixtures/with-blobs.ts';

describe('mounting a blob', () => {
  const mount = async (server: TestRegistry, query: string) =>
    fetch(`${server.url}/v2/target/blobs/uploads/?${query}`, { method: 'POST' });

  it('of a repository that has it needs no content', async () => {
    await using server = await serve();
    await server.repository('source').blobs.put(CONTENT);
    const response = await mount(server, `mount=${DIGEST}&from=source`);
    expect(response.status).toBe(201);
    expect(headersOf(response, 'location', 'docker-content-digest', 'content-length')).toEqual({
      location: `${server.url}/v2/target/blobs/${DIGEST}`,
      'docker-content-digest': DIGEST,
      'content-length': '0',
    });
    const pulled = await fetch(`${server.url}/v2/target/blobs/${DIGEST}`);
    expect(await bytesOf(pulled)).toEqual(CONTENT);
  });

  it('that is looked for everywhere, without from, needs none either', async () => {
    await using server = await serve();
    await server.repository('source').blobs.put(CONTENT);
    expect((await mount(server, `mount=${DIGEST}`)).status).toBe(201);
  });

  it.each([
    ['that lacks it', `mount=${DIGEST}&from=empty`],
    ['of no valid name', `mount=${DIGEST}&from=../x`],
    ['not named, and no other has it', `mount=${digestOf(CONTENT, 'sha384')}`],
  ])('of a repository %s begins an upload', async (_name, query) => {
    await using server = await serve();
    await server.repository('source').blobs.put(CONTENT);
    const response = await mount(server, query);
    expect(response.status).toBe(202);
    const location = response.headers.get('location') ?? '';
    expect((await finish(location, { content: CONTENT })).status).toBe(201);
  });

  it.each(['sha256:00', 'md5:00', ''])('of the digest %j is refused', async (digest) => {
    await using server = await serve();
    expect(await errorOf(await mount(server, `mount=${digest}&from=source`))).toEqual({
      status: 400,
      code: 'DIGEST_INVALID',
    });
  });

  it.each(['DENIED', 'UNSUPPORTED', 'BLOB_UNKNOWN', 'NAME_UNKNOWN'] as const)(
    'that the registry refuses with %s begins an upload',
    async (code) => {
      await using server = await serve({
        decorate: (repository) =>
          withBlobs(repository, { mount: () => Promise.reject(new RegistryError(code)) }),
      });
      expect((await mount(server, `mount=${DIGEST}&from=source`)).status).toBe(202);
    },
  );

  it('that fails for another reason fails', async () => {
    await using server = await serve({
      decorate: (repository) =>
        withBlobs(repository, { mount: () => Promise.reject(new RegistryError('UNAVAILABLE')) }),
    });
    expect((await mount(server, `mount=${DIGEST}&from=source`)).status).toBe(503);
  });
});
