import { Readable } from 'node:stream';
import { digestOf, RegistryError } from '@purser/core';
import { sampleBytes } from '@purser/core/testing';
import { describe, expect, it } from 'vitest';
import { bytesOf, createPullThrough, NAME, pullBlob } from './fixtures/create-pull-through.ts';
import { ManualContent } from './fixtures/upstream-under-test.ts';

const CONTENT = sampleBytes(300_000);
const DIGEST = digestOf(CONTENT);

async function withBlob() {
  const made = createPullThrough();
  await made.upstream.content.repository(NAME).blobs.put(CONTENT);
  return made;
}

/** As `withBlob`, where the content comes as the test sends it. */
async function withManualContent() {
  const made = await withBlob();
  const content = new ManualContent();
  made.upstream.send = () => content.stream;
  return { ...made, content };
}

/** Ends the fetches of a registry: what they keep is kept. */
async function untilKept({ events }: { events: readonly { type: string }[] }) {
  await expect.poll(() => events.length).toBeGreaterThan(0);
  await new Promise((resolve) => setImmediate(resolve));
}

describe('a pulled blob', () => {
  it('comes from upstream once, and then from here', async () => {
    const made = await withBlob();
    expect(await pullBlob(made.repository, DIGEST)).toEqual(Buffer.from(CONTENT));
    await untilKept(made);
    expect(await pullBlob(made.repository, DIGEST)).toEqual(Buffer.from(CONTENT));
    expect(made.upstream.asked).toEqual(['open']);
    expect(made.events).toMatchObject([{ type: 'fetched', size: CONTENT.byteLength }]);
    const content = { kind: 'blob', repository: NAME, digest: DIGEST };
    expect(made.served).toEqual([
      { type: 'served', content, from: 'upstream' },
      { type: 'served', content, from: 'store' },
    ]);
  });

  it('is fetched exactly once for 100 who ask at one time', async () => {
    const { registry, upstream } = await withBlob();
    const pulls = Array.from({ length: 100 }, async () => {
      const { blobs } = registry.repository(NAME, { opensBlobs: true });
      await blobs.stat(DIGEST);
      return digestOf(await bytesOf(await blobs.open(DIGEST, { lend: true })));
    });
    expect(new Set(await Promise.all(pulls))).toEqual(new Set([DIGEST]));
    expect(upstream.asked).toEqual(['open']);
  });

  it('is given from its first byte to who comes late', async () => {
    const { repository, content, upstream } = await withManualContent();
    const early = await repository.blobs.open(DIGEST);
    content.push(CONTENT.subarray(0, 1000));
    expect(await firstChunk(early)).toEqual(Buffer.from(CONTENT.subarray(0, 1000)));
    const late = pullBlob(repository, DIGEST);
    const [rest] = await Promise.all([
      bytesOf(early),
      late.then((bytes) => expect(bytes).toEqual(Buffer.from(CONTENT))),
      sendRest(content, 1000),
    ]);
    expect(rest).toEqual(Buffer.from(CONTENT.subarray(1000)));
    expect(upstream.count('open')).toBe(1);
  });

  it('is fetched to its end although everyone has left', async () => {
    const made = await withManualContent();
    const reader = await made.repository.blobs.open(DIGEST);
    made.content.push(CONTENT.subarray(0, 1000));
    await firstChunk(reader);
    reader.destroy();
    await sendRest(made.content, 1000);
    await untilKept(made);
    expect(await made.store.repository(NAME).blobs.stat(DIGEST)).toMatchObject({ digest: DIGEST });
  });

  it('does not end for the others when one leaves before it has begun', async () => {
    const { repository, upstream } = await withBlob();
    const leaving = new AbortController();
    const left = repository.blobs.open(DIGEST, { signal: leaving.signal });
    const stays = pullBlob(repository, DIGEST);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    expect(await stays).toEqual(Buffer.from(CONTENT));
    expect(upstream.count('open')).toBe(1);
  });

  it.each([
    ['other bytes', sampleBytes(CONTENT.byteLength, 2)],
    ['fewer bytes', CONTENT.subarray(1)],
    ['more bytes', Buffer.concat([CONTENT, Buffer.of(0)])],
  ])(
    'that upstream gives with %s is not kept, and its end is given to nobody',
    async (_, bytes) => {
      const { repository, upstream, store, events } = await withBlob();
      upstream.send = () => Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)]);
      const received: Buffer[] = [];
      const failure = await collect(await repository.blobs.open(DIGEST), received);
      expect(RegistryError.is(failure, 'RESPONSE_INVALID')).toBe(true);
      expect(Buffer.concat(received).byteLength).toBeLessThan(CONTENT.byteLength);
      await expect.poll(() => events).toMatchObject([{ type: 'outage' }]);
      expect(await store.repository(NAME).blobs.stat(DIGEST)).toBeUndefined();

      upstream.send = (content) => content;
      expect(await pullBlob(repository, DIGEST)).toEqual(Buffer.from(CONTENT));
    },
  );

  it('that breaks off fails for all who read it, and the next pull gets it', async () => {
    const { repository, upstream, store, content, events } = await withManualContent();
    const readers = await Promise.all([1, 2, 3].map(() => repository.blobs.open(DIGEST)));
    const outcomes = readers.map((reader) => collect(reader, []));
    content.push(CONTENT.subarray(0, 1000));
    content.break(new Error('ECONNRESET'));
    for (const outcome of await Promise.all(outcomes)) {
      expect(outcome).toMatchObject({ code: 'UNAVAILABLE', cause: { message: 'ECONNRESET' } });
    }
    await expect.poll(() => events).toMatchObject([{ type: 'outage' }]);
    expect(await store.repository(NAME).blobs.stat(DIGEST)).toBeUndefined();

    upstream.send = (inner) => inner;
    expect(await pullBlob(repository, DIGEST)).toEqual(Buffer.from(CONTENT));
  });

  it('is served although it cannot be kept', async () => {
    const { repository, store, events, upstream } = await withBlob();
    store.repository(NAME).blobs.create = async () => {
      throw new RegistryError('STORAGE_FULL');
    };
    expect(await pullBlob(repository, DIGEST)).toEqual(Buffer.from(CONTENT));
    await expect.poll(() => events.map(({ type }) => type)).toEqual(['fetched', 'failed']);
    expect(await pullBlob(repository, DIGEST)).toEqual(Buffer.from(CONTENT));
    expect(upstream.count('open')).toBe(2);
  });

  it('is looked at upstream, without being fetched, by who will not open it', async () => {
    const { repository, upstream, events } = await withBlob();
    const found = await Promise.all([repository.blobs.stat(DIGEST), repository.blobs.stat(DIGEST)]);
    expect(found).toMatchObject([{ size: CONTENT.byteLength }, { size: CONTENT.byteLength }]);
    expect(upstream.asked).toEqual(['stat']);
    expect(events).toEqual([]);
  });

  it('is unknown when upstream does not have it', async () => {
    const { registry, repository } = createPullThrough();
    expect(await repository.blobs.stat(DIGEST)).toBeUndefined();
    expect(
      await registry.repository(NAME, { opensBlobs: true }).blobs.stat(DIGEST),
    ).toBeUndefined();
    await expect(repository.blobs.open(DIGEST)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
  });

  it('that is not here while upstream is down is a failure with a code', async () => {
    const { repository, upstream } = await withBlob();
    upstream.failure = new Error('connect ECONNREFUSED');
    await expect(repository.blobs.open(DIGEST)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(repository.blobs.stat(DIGEST)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('of another repository is asked for upstream, and not given from there', async () => {
    const made = await withBlob();
    await pullBlob(made.repository, DIGEST);
    await untilKept(made);
    const other = made.registry.repository('team/other' as typeof NAME);
    await expect(other.blobs.open(DIGEST)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    expect(made.upstream.count('open')).toBe(2);
  });

  it('breaks off when the registry is closed', async () => {
    const { registry, repository, content } = await withManualContent();
    const reader = await repository.blobs.open(DIGEST);
    content.push(CONTENT.subarray(0, 1000));
    const outcome = collect(reader, []);
    await registry.close();
    expect(await outcome).toMatchObject({ code: 'UNAVAILABLE' });
    expect(content.stream.destroyed).toBe(true);
  });
});

async function firstChunk(stream: Readable): Promise<unknown> {
  return new Promise((resolve, reject) => {
    stream.once('readable', () => resolve(stream.read()));
    stream.once('error', reject);
  });
}

/** @returns What the stream failed with. */
async function collect(stream: Readable, received: Buffer[]): Promise<unknown> {
  try {
    for await (const chunk of stream) received.push(chunk as Buffer);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function sendRest(content: ManualContent, from: number): Promise<void> {
  for (let offset = from; offset < CONTENT.byteLength; offset += 50_000) {
    content.push(CONTENT.subarray(offset, offset + 50_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  content.end();
}
