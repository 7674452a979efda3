import { digestOf, RegistryError } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { bytesOf, createPullThrough, NAME, pullBlob } from './fixtures/create-pull-through.ts';
import { ManualContent } from './fixtures/upstream-under-test.ts';

const MIB = 1024 * 1024;
const CONTENT = sampleBytes(6 * MIB);
const DIGEST = digestOf(CONTENT);

async function withBlob() {
  const made = createPullThrough();
  await made.upstream.content.repository(NAME).blobs.put(CONTENT);
  return made;
}

describe('a part of a blob that is not here', () => {
  const range = { start: 5 * MIB, end: 5 * MIB + 999 };
  const part = Buffer.from(CONTENT.subarray(range.start, range.end + 1));

  it('is asked of upstream without the rest', async () => {
    const { repository, upstream, events, served } = await withBlob();
    expect(await bytesOf(await repository.blobs.open(DIGEST, { range }))).toEqual(part);
    expect(upstream.asked).toEqual(['range']);
    expect(events).toEqual([]);
    expect(served).toMatchObject([{ from: 'upstream' }]);
  });

  it('is asked of upstream while a fetch is far from it', async () => {
    const { registry, repository, upstream } = await withBlob();
    upstream.send = () => new ManualContent().stream;
    const whole = (await repository.blobs.open(DIGEST)).on('error', () => {});
    upstream.send = (content) => content;
    expect(await bytesOf(await repository.blobs.open(DIGEST, { range }))).toEqual(part);
    expect(upstream.asked).toEqual(['open', 'range']);
    whole.destroy();
    await registry.close();
  });

  it('is cut from a fetch that is near, and from what is kept', async () => {
    const { repository, upstream, events } = await withBlob();
    const content = new ManualContent();
    upstream.send = () => content.stream;
    const whole = pullBlob(repository, DIGEST);
    content.push(CONTENT.subarray(0, 2 * MIB));
    await expect.poll(() => upstream.count('open')).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    const near = bytesOf(await repository.blobs.open(DIGEST, { range }));
    content.push(CONTENT.subarray(2 * MIB));
    content.end();
    expect(await near).toEqual(part);
    await whole;
    await expect.poll(() => events.length).toBeGreaterThan(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await bytesOf(await repository.blobs.open(DIGEST, { range }))).toEqual(part);
    expect(upstream.asked).toEqual(['open']);
  });

  it('is cut from the whole blob when a client asks for many parts in one request (abandoned pulls)', async () => {
    const { repository, upstream } = await withBlob();
    for (let start = MIB; start < MIB + 20_000; start += 1000) {
      const content = await repository.blobs.open(DIGEST, { range: { start, end: start + 9 } });
      expect(await bytesOf(content)).toEqual(Buffer.from(CONTENT.subarray(start, start + 10)));
    }
    expect([upstream.count('range'), upstream.count('open')]).toEqual([16, 1]);
  });

  it('that begins with the blob begins its fetch', async () => {
    const { repository, upstream } = await withBlob();
    const first = { start: 0, end: 999 };
    const content = await repository.blobs.open(DIGEST, { range: first });
    expect(await bytesOf(content)).toEqual(Buffer.from(CONTENT.subarray(0, 1000)));
    expect(upstream.asked).toEqual(['open']);
  });

  it('is refused when it does not lie inside the blob', async () => {
    const { repository } = await withBlob();
    for (const start of [0, 10]) {
      const beyond = { start, end: CONTENT.byteLength };
      await expect(repository.blobs.open(DIGEST, { range: beyond })).rejects.toMatchObject({
        code: 'RANGE_UNSATISFIABLE',
      });
    }
  });

  it('fails with a code while upstream is down', async () => {
    const { repository, upstream, events } = await withBlob();
    upstream.failure = new Error('connect ECONNREFUSED');
    await expect(repository.blobs.open(DIGEST, { range })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(events).toMatchObject([{ type: 'outage' }]);
  });
});

describe('a look at a blob of an upstream that refuses HEAD', () => {
  it.each(['DENIED', 'UNAUTHORIZED', 'UNSUPPORTED', 'BLOB_UNKNOWN', 'RESPONSE_INVALID'] as const)(
    'is answered by GET after %s',
    async (code) => {
      const { repository, upstream, events } = await withBlob();
      upstream.statFailure = new RegistryError(code);
      expect(await repository.blobs.stat(DIGEST)).toMatchObject({ size: CONTENT.byteLength });
      expect(upstream.asked.slice(0, 2)).toEqual(['stat', 'open']);
      expect(events).toEqual([]);
    },
  );

  it('is answered by GET when HEAD says nothing of the length', async () => {
    const { repository, upstream } = await withBlob();
    upstream.statSize = 0;
    expect(await repository.blobs.stat(DIGEST)).toMatchObject({ size: CONTENT.byteLength });
  });

  it('gives the refusal of GET when that is refused too', async () => {
    const { repository, upstream } = await withBlob();
    upstream.failure = new RegistryError('DENIED');
    await expect(repository.blobs.stat(DIGEST)).rejects.toMatchObject({ code: 'DENIED' });
  });

  it('asks no second time when upstream is down', async () => {
    const { repository, upstream } = await withBlob();
    const failures = [
      [new Error('ECONNREFUSED'), 'UNAVAILABLE'],
      [new RegistryError('TOOMANYREQUESTS'), 'TOOMANYREQUESTS'],
    ] as const;
    for (const [failure, code] of failures) {
      upstream.asked.length = 0;
      upstream.statFailure = failure;
      await expect(repository.blobs.stat(DIGEST)).rejects.toMatchObject({ code });
      expect(upstream.asked).toEqual(['stat']);
    }
  });
});
