import { parseRepositoryName } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../fixtures/failure-of.ts';
import { ScriptedRegistry } from '../fixtures/scripted-registry.ts';
import { blob, content, from, Uploading, UPLOADS } from '../fixtures/uploading-registry.ts';
import type { PushProgress } from './push-blob.ts';

const BLOB = `/v2/library/app/blobs/${blob.digest}`;

describe('a push', () => {
  it('asks, begins and sends the whole in one request, telling how far it is', async () => {
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(uploading.script());
    const progress: PushProgress[] = [];
    const onProgress = (each: PushProgress) => void progress.push(each);
    expect(await registry.repository().blobs.push(blob, from, { onProgress })).toBe('uploaded');
    expect(registry.asked).toEqual([
      `HEAD ${BLOB}`,
      `POST ${UPLOADS}`,
      // The query of the registry stays as it is, to the letter.
      `PUT ${UPLOADS}session-1?_state=a%2Fb%3D&digest=${encodeURIComponent(blob.digest)}`,
    ]);
    expect(registry.received.at(-1)?.headers['content-length']).toBe('300000');
    expect(progress.map(({ sent }) => sent)).toEqual(
      [50, 100, 150, 200, 250, 300].map((k) => k * 1000),
    );
    expect(progress[0]).toEqual({ digest: blob.digest, sent: 50_000, total: 300_000 });
  });

  it('sends nothing that is there, nor what the registry mounts', async () => {
    const uploading = new Uploading();
    uploading.isCommitted = true;
    await using registry = await ScriptedRegistry.listen(
      uploading.script(({ method, answer }) => method === 'POST' && (answer(201), true)),
    );
    const { blobs } = registry.repository();
    expect(await blobs.push(blob, from)).toBe('present');
    const mountFrom = parseRepositoryName('library/other');
    const options = { mayBePresent: false, mountFrom };
    expect(await blobs.push(blob, from, options)).toBe('mounted');
    expect(registry.asked.at(-1)).toBe(
      `POST ${UPLOADS}?mount=${encodeURIComponent(blob.digest)}&from=library%2Fother`,
    );
    expect(await blobs.push(blob, from, { ...options, mountFrom: 'anywhere' })).toBe('mounted');
    expect(registry.asked.at(-1)).toBe(`POST ${UPLOADS}?mount=${encodeURIComponent(blob.digest)}`);
  });

  it('goes on in the session that a registry begins in place of a mount', async () => {
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(uploading.script());
    const { blobs } = registry.repository();
    expect(await blobs.push(blob, from, { mountFrom: 'anywhere' })).toBe('uploaded');
    expect(uploading.sessions).toBe(1);
  });

  it('uploads what the registry refuses to mount', async () => {
    const uploading = new Uploading();
    await using registry = await ScriptedRegistry.listen(
      uploading.script(({ path, answer }) => path.includes('mount=') && (answer(404), true)),
    );
    const { blobs } = registry.repository();
    expect(await blobs.push(blob, from, { mountFrom: 'anywhere' })).toBe('uploaded');
  });

  it('does not take a blob of a mirror for one of the registry', async () => {
    const uploading = new Uploading();
    const headers = { 'content-length': String(blob.size) };
    await using mirror = await ScriptedRegistry.listen(({ answer }) => answer(200, headers));
    await using registry = await ScriptedRegistry.listen(uploading.script());
    const mirrors = [{ url: new URL(`http://${mirror.host}`) }];
    const { blobs } = registry.repository({ mirrors });
    expect((await blobs.stat(blob.digest))?.size).toBe(blob.size);
    expect(await blobs.push(blob, from)).toBe('uploaded');
  });

  it('sends parts where the registry asks for parts', async () => {
    const uploading = new Uploading();
    uploading.headers = { 'oci-chunk-min-length': '100000' };
    await using registry = await ScriptedRegistry.listen(uploading.script());
    expect(await registry.repository({ chunkSize: 1 }).blobs.push(blob, from)).toBe('uploaded');
    const parts = registry.received.filter(({ method }) => method === 'PATCH');
    expect(parts.map(({ headers }) => headers['content-range'])).toEqual([
      '0-99999',
      '100000-199999',
      '200000-299999',
    ]);
  });

  it.each(['40000000', '9'.repeat(400)])(
    'does not keep a part of %s bytes in memory for a registry that demands it (hostile sizes)',
    async (minimum) => {
      const uploading = new Uploading();
      uploading.headers = { 'oci-chunk-min-length': minimum };
      await using registry = await ScriptedRegistry.listen(uploading.script());
      const { blobs } = registry.repository();
      const failure = await failureOf(blobs.push(blob, from));
      expect(failure).toMatchObject({ code: 'RESPONSE_INVALID' });
      expect(failure.message).toContain('OCI-Chunk-Min-Length');
      expect(await failureOf(blobs.upload(from(0)))).toMatchObject({ code: 'RESPONSE_INVALID' });
      expect(registry.received.filter(({ method }) => method === 'PATCH')).toEqual([]);
    },
  );

  it('keeps larger parts in memory when the caller allows it', async () => {
    const uploading = new Uploading();
    uploading.headers = { 'oci-chunk-min-length': '40000000' };
    await using registry = await ScriptedRegistry.listen(uploading.script());
    const { blobs } = registry.repository({ maximumChunkSize: 40_000_000 });
    expect(await blobs.push(blob, from)).toBe('uploaded');
  });
});

it('sends content, and no credentials, to another host that takes the upload', async () => {
  const uploading = new Uploading();
  await using bucket = await ScriptedRegistry.listen(uploading.script());
  uploading.location = () => `http://${bucket.host}/session?key=signed`;
  await using registry = await ScriptedRegistry.listen(
    uploading.script(({ headers, answer }) => {
      if (headers.authorization !== undefined) return false;
      answer(401, { 'www-authenticate': 'Basic realm="x"' });
      return true;
    }),
  );
  const credentials = { credentials: async () => ({ username: 'ann', password: 'secret' }) };
  await registry.repository({ credentials }).blobs.push(blob, from);
  expect(bucket.asked).toEqual([
    `PUT /session?key=signed&digest=${encodeURIComponent(blob.digest)}`,
  ]);
  expect(bucket.received[0]?.headers.authorization).toBeUndefined();
});

it('puts a blob in a single request, until a registry begins a session instead', async () => {
  const uploading = new Uploading();
  await using registry = await ScriptedRegistry.listen(
    uploading.script(async ({ path, read }) => {
      if (path.includes('?digest=')) await read();
      return false;
    }),
  );
  const { blobs } = registry.repository();
  await blobs.put(content);
  await blobs.put(content);
  const query = `?digest=${encodeURIComponent(blob.digest)}`;
  const posts = registry.asked.filter((each) => each.startsWith('POST'));
  expect(posts).toEqual([`POST ${UPLOADS}${query}`, `POST ${UPLOADS}`]);
});

it('uploads content of unknown length and digest, a part at a time', async () => {
  const uploading = new Uploading();
  await using registry = await ScriptedRegistry.listen(uploading.script());
  const sent: number[] = [];
  const { blobs } = registry.repository({ chunkSize: 128_000 });
  const onProgress = (bytes: number) => void sent.push(bytes);
  expect(await blobs.upload(from(0), { onProgress })).toMatchObject(blob);
  expect(uploading.stored).toEqual(content);
  expect(registry.received.filter(({ method }) => method === 'PATCH')).toHaveLength(3);
  expect(sent.at(-1)).toBe(300_000);
});

it('keeps back what is shorter than the registry takes, and sends it at the end', async () => {
  const uploading = new Uploading();
  uploading.headers = { 'oci-chunk-min-length': '100000' };
  await using registry = await ScriptedRegistry.listen(uploading.script());
  const writer = await registry.repository().blobs.create();
  await writer.append(oneChunk(content.subarray(0, 10)));
  expect(writer.size).toBe(10);
  await writer.append(oneChunk(content.subarray(10, 150_000)));
  await writer.append(oneChunk(content.subarray(150_000, 150_010)));
  await writer.append(oneChunk(content.subarray(150_010)));
  await writer.commit(blob.digest);
  expect(uploading.stored).toEqual(content);
});

async function* oneChunk(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}
