import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import type { ListOptions } from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { envelopeOf, errorOf } from '../fixtures/answers.ts';
import { pushImage } from '../fixtures/push-image.ts';
import { DECODER, listen, serve, type TestRegistry } from '../fixtures/serve.ts';
import { createRegistryApi } from '../registry-api.ts';

async function serveTags(
  tags: string[],
  options: Parameters<typeof serve>[0] = {},
): Promise<TestRegistry> {
  const server = await serve(options);
  await pushImage(server.repository('a/b'), { tags });
  return server;
}

describe('the tag list', () => {
  it('names every tag in byte order when n is not given', async () => {
    const tags = Array.from({ length: 1500 }, (_, index) => `t${1000 + index}`);
    await using server = await serveTags(['b', 'B', '_', ...tags]);
    const response = await fetch(`${server.url}/v2/a/b/tags/list`);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('link')).toBeNull();
    expect(await response.json()).toEqual({ name: 'a/b', tags: ['B', '_', 'b', ...tags] });
  });

  it('links to the next page only when there is one', async () => {
    await using server = await serveTags(['a', 'b', 'c', 'd']);
    const first = await fetch(`${server.url}/v2/a/b/tags/list?n=2`);
    expect(await first.json()).toEqual({ name: 'a/b', tags: ['a', 'b'] });
    expect(first.headers.get('link')).toBe('</v2/a/b/tags/list?last=b&n=2>; rel="next"');
    const second = await fetch(`${server.url}/v2/a/b/tags/list?last=b&n=2`);
    expect(await second.json()).toEqual({ name: 'a/b', tags: ['c', 'd'] });
    expect(second.headers.get('link')).toBeNull();
  });

  it('reduces n to its maximum, and says so in the link', async () => {
    await using server = await serveTags(['a', 'b', 'c'], { maximumTags: 2 });
    for (const n of ['3', '99999999999999999999999']) {
      const response = await fetch(`${server.url}/v2/a/b/tags/list?n=${n}`);
      expect(await response.json()).toEqual({ name: 'a/b', tags: ['a', 'b'] });
      expect(response.headers.get('link')).toBe('</v2/a/b/tags/list?last=b&n=2>; rel="next"');
    }
  });

  it('begins after last, with and without n', async () => {
    await using server = await serveTags(['a', 'c', 'd']);
    const all = await fetch(`${server.url}/v2/a/b/tags/list?last=b`);
    expect(await all.json()).toEqual({ name: 'a/b', tags: ['c', 'd'] });
    const one = await fetch(`${server.url}/v2/a/b/tags/list?last=%00%FF&n=1`);
    expect(await one.json()).toEqual({ name: 'a/b', tags: ['a'] });
  });

  it('is empty, without a link, for n=0', async () => {
    await using server = await serveTags(['a']);
    const response = await fetch(`${server.url}/v2/a/b/tags/list?n=0`);
    expect(response.headers.get('link')).toBeNull();
    expect(await response.json()).toEqual({ name: 'a/b', tags: [] });
  });

  it('is empty for a repository whose tags are all gone', async () => {
    await using server = await serveTags([]);
    const response = await fetch(`${server.url}/v2/a/b/tags/list`);
    expect(await response.json()).toEqual({ name: 'a/b', tags: [] });
  });

  it('is refused for an unknown repository', async () => {
    await using server = await serve();
    const response = await fetch(`${server.url}/v2/a/b/tags/list`);
    expect(await errorOf(response)).toEqual({ status: 404, code: 'NAME_UNKNOWN' });
  });

  it('is refused for an n that is no count, and tells which', async () => {
    await using server = await serveTags(['a']);
    for (const n of ['-1', 'abc', '1.0']) {
      const response = await fetch(`${server.url}/v2/a/b/tags/list?n=${n}`);
      expect(response.status).toBe(400);
      expect(await envelopeOf(response)).toMatchObject([{ code: 'UNSUPPORTED', detail: { n } }]);
    }
  });

  it('stops listing when the client leaves, which is no failure', async () => {
    const started = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const failures: unknown[] = [];
    const application = new Koa();
    application.use((context, next) => next().finally(answered.resolve));
    application.use(
      createRegistryApi({
        registry: createMemoryRegistry(),
        decoder: DECODER,
        onError: (error) => failures.push(error),
        decorate: ({ name, blobs, manifests, referrers, tags }) => ({
          name,
          blobs,
          manifests,
          referrers,
          tags: Object.assign(Object.create(tags) as typeof tags, {
            async *list({ signal }: ListOptions) {
              started.resolve();
              await new Promise((resolve) => signal?.addEventListener('abort', resolve));
              signal?.throwIfAborted();
              yield* [];
            },
          }),
        }),
      }),
    );
    const handle = application.callback();
    await using server = await listen((request, response) => void handle(request, response));
    const client = new AbortController();
    const request = fetch(`${server.url}/v2/a/b/tags/list`, { signal: client.signal });
    await started.promise;
    client.abort();
    await expect(request).rejects.toThrow('aborted');
    await answered.promise;
    expect(failures).toEqual([]);
  });
});
