import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { digestOf, type BlobStore } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { bytesOf } from '../fixtures/answers.ts';
import { serve, type TestRegistry } from '../fixtures/serve.ts';
import { withBlobs } from '../fixtures/with-blobs.ts';

const CONTENT = Buffer.from(sampleBytes(2048));
const DIGEST = digestOf(CONTENT);

async function serveBlob(
  replaced: Partial<BlobStore>,
): Promise<{ readonly server: TestRegistry; readonly url: string }> {
  const server = await serve({ decorate: (repository) => withBlobs(repository, replaced) });
  await server.repository('a/b').blobs.put(CONTENT);
  return { server, url: `${server.url}/v2/a/b/blobs/${DIGEST}` };
}

describe('the content of a blob', () => {
  /** More than any buffer between the two sides holds. */
  const SIZE = 64 * 1024 * 1024;

  function endless(): { content: Readable; closed: Promise<unknown> } {
    const content = new Readable({
      read() {
        this.push(Buffer.alloc(64 * 1024));
      },
    });
    return { content, closed: once(content, 'close') };
  }

  function describeLarge(): Partial<BlobStore> {
    return {
      stat: async () => ({ mediaType: 'x/y', digest: DIGEST, size: SIZE }),
    };
  }

  it('is closed when the client leaves in the middle, which is no failure', async () => {
    const { content, closed } = endless();
    const { server, url } = await serveBlob({ ...describeLarge(), open: async () => content });
    await using _ = server;
    const request = get(url).on('error', () => {});
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response, 'readable');
    request.destroy();
    await closed;
    expect(content.destroyed).toBe(true);
    expect(server.failures).toEqual([]);
  });

  it('is closed when the client left before it was opened', async () => {
    const { content, closed } = endless();
    const opening = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const { server, url } = await serveBlob({
      ...describeLarge(),
      open: async () => {
        opening.resolve();
        await left.promise;
        return content;
      },
    });
    await using _ = server;
    const request = get(url).on('error', () => {});
    await opening.promise;
    request.destroy();
    await new Promise((resolve) => request.once('close', resolve));
    left.resolve();
    await closed;
    expect(server.failures).toEqual([]);
  });

  it('that breaks off cuts the connection, and the observer learns why', async () => {
    const failure = new Error('disk');
    const { server, url } = await serveBlob({
      ...describeLarge(),
      open: async () =>
        Readable.from(
          (async function* () {
            yield Buffer.alloc(10);
            throw failure;
          })(),
        ),
    });
    await using _ = server;
    const response = await fetch(url);
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
    expect(server.failures).toEqual([failure]);
  });

  it('that fails before its first byte is answered with 500, which nobody may keep', async () => {
    const failure = new Error('disk');
    const { server, url } = await serveBlob({
      ...describeLarge(),
      open: async () =>
        new Readable({
          read() {
            this.destroy(failure);
          },
        }),
    });
    await using _ = server;
    const response = await fetch(url);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ errors: [{ code: 'UNKNOWN' }] });
    expect(response.headers.get('cache-control')).toBeNull();
    expect(response.headers.get('etag')).toBeNull();
    expect(server.failures).toEqual([failure]);
  });

  it('leaves nothing open after many pulls, whole, in part and broken off', async () => {
    let open = 0;
    const { server, url } = await serveBlob({
      open: async (_digest, { range } = {}) => {
        open++;
        const { start, end } = range ?? { start: 0, end: CONTENT.length - 1 };
        const content = Readable.from([CONTENT.subarray(start, end + 1)]);
        return content.once('close', () => open--);
      },
    });
    await using _ = server;
    for (let round = 0; round < 20; round++) {
      await bytesOf(await fetch(url));
      await bytesOf(await fetch(url, { headers: { Range: 'bytes=1-5' } }));
      await (await fetch(url)).body?.cancel();
      await fetch(url, { headers: { 'If-None-Match': '*' } });
    }
    await expect.poll(() => open).toBe(0);
  });
});
