import { Readable } from 'node:stream';
import { RegistryError, type Descriptor, type Repository } from '@purser/core';
import { describeBytes, sampleBytes } from '@purser/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { copy } from './copy.ts';
import {
  createRepository,
  LATEST,
  PLATFORMS,
  pushImage,
  pushPlatforms,
} from './fixtures/sample-images.ts';
import { watchBlobs } from './fixtures/watch-blobs.ts';

let from: Repository;
let to: Repository;

beforeEach(() => {
  from = createRepository();
  to = createRepository('mirror/app');
});

describe('a source that lies', () => {
  it('gets nothing stored that is not what it was named', async () => {
    const { digest } = await pushImage(from);
    const { references } = await from.manifests.get(digest);
    const [config, layer] = references.map(({ descriptor }) => descriptor) as [
      Descriptor,
      Descriptor,
    ];
    for (const { digest: lied, size } of [config, layer]) {
      const { repository } = watchBlobs(from);
      const open = from.blobs.open.bind(from.blobs);
      from.blobs.open = async (asked, options) => {
        if (asked !== lied) return open(asked, options);
        const other = await from.blobs.put(sampleBytes(size, 77));
        return open(other.digest, options);
      };
      const target = createRepository();
      await expect(copy({ from: repository, reference: digest, to: target })).rejects.toMatchObject(
        {
          code: 'DIGEST_INVALID',
        },
      );
      expect(await target.blobs.stat(lied)).toBeUndefined();
      expect(await target.manifests.exists(digest)).toBe(false);
      from.blobs.open = open;
    }
  });

  it('gets no more taken than it announced', async () => {
    const { digest } = await pushImage(from);
    const open = from.blobs.open.bind(from.blobs);
    let given = 0;
    from.blobs.open = async (...words) => {
      const stream = await open(...words);
      stream.push(sampleBytes(10));
      given++;
      return stream;
    };
    await expect(copy({ from, reference: digest, to })).rejects.toMatchObject({
      code: 'SIZE_INVALID',
    });
    expect(given).toBeGreaterThan(0);
    expect(await to.manifests.exists(digest)).toBe(false);
  });

  it('gets no manifest taken for another', async () => {
    const [first, second] = [await pushImage(from), await pushImage(from, { seed: 2 })];
    const get = from.manifests.get.bind(from.manifests);
    from.manifests.get = () => get(second.digest);
    await expect(copy({ from, reference: first.digest, to })).rejects.toMatchObject({
      code: 'DIGEST_INVALID',
    });
  });

  it('cannot make a copy go on for ever', async () => {
    const { digest } = await pushImage(from);
    let told = 0;
    const referrers: Repository['referrers'] = {
      async *list() {
        for (;;) yield describeBytes(Buffer.from(String(told++)));
      },
    };
    const { name, blobs, manifests, tags } = from;
    const endless = { name, blobs, manifests, tags, referrers };
    await expect(
      copy({ from: endless, reference: digest, to, referrers: true }),
    ).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    expect(told).toBeLessThan(20_000);
  });
});

describe('a copy that is stopped', () => {
  it('ends with the reason, leaves no tag, and gives up what was under way', async () => {
    const { digest } = await pushImage(from);
    const stop = new AbortController();
    const reason = new Error('enough');
    const open = from.blobs.open.bind(from.blobs);
    from.blobs.open = async (...words) => {
      const content = await open(...words);
      const bytes = Buffer.concat((await content.toArray()) as Buffer[]);
      return Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]);
    };
    let cancelled = 0;
    const create = to.blobs.create.bind(to.blobs);
    to.blobs.create = async (options) => {
      const writer = await create(options);
      const cancel = writer.cancel.bind(writer);
      writer.cancel = () => {
        cancelled++;
        return cancel();
      };
      return writer;
    };
    const stopped = copy(
      { from, reference: digest, to, tags: [LATEST] },
      {
        signal: stop.signal,
        observer: ({ kind }) => {
          if (kind === 'progress') stop.abort(reason);
        },
        concurrency: 1,
      },
    );
    await expect(stopped).rejects.toBe(reason);
    expect(await to.tags.get(LATEST)).toBeUndefined();
    expect(cancelled).toBe(1);
    await expect(
      copy({ from, reference: digest, to }, { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  it('tells what failed, not what was stopped for it', async () => {
    const { index } = await pushPlatforms(from, PLATFORMS);
    to.blobs.create = async () => {
      throw new RegistryError('DENIED', { message: 'no room for you' });
    };
    await expect(copy({ from, reference: index.digest, to })).rejects.toMatchObject({
      code: 'DENIED',
    });
  });
});
