import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/answers.ts';
import { RepositoryClient } from './fixtures/repository-client.ts';

async function serveTags(...tags: readonly string[]): Promise<RepositoryClient> {
  const client = await RepositoryClient.serve();
  await client.pushImage(tags);
  return client;
}

describe('Tags', () => {
  it('T-1 names the repository and its tags, also when it has none', async () => {
    for (const tags of [['a', 'b'], []]) {
      await using client = await serveTags(...tags);
      const response = await client.get('tags/list');
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ name: 'a/b', tags });
    }
  });

  it('T-2 does not know the tags of an unknown repository', async () => {
    await using client = await RepositoryClient.serve();
    const response = await client.get('tags/list');
    expect(await errorOf(response)).toEqual({ status: 404, code: 'NAME_UNKNOWN' });
  });

  it('T-3 orders tags by their bytes', async () => {
    const sorted = ['0', '10', '9', 'A', 'Z', '_', 'a', 'a-b', 'a.b', 'aB', 'ab', 'b'];
    await using client = await serveTags(...sorted.toReversed());
    expect(await client.tags()).toEqual(sorted);
  });

  it('T-4 gives the first n tags, or all when there are no more', async () => {
    await using client = await serveTags('c', 'b', 'a');
    expect(await client.tags('?n=1')).toEqual(['a']);
    expect(await client.tags('?n=2')).toEqual(['a', 'b']);
    expect(await client.tags('?n=3')).toEqual(['a', 'b', 'c']);
    expect(await client.tags('?n=100')).toEqual(['a', 'b', 'c']);
  });

  it('T-5 gives an empty list and no Link for n=0', async () => {
    await using client = await serveTags('a', 'b');
    const response = await client.get('tags/list?n=0');
    expect(response.headers.get('link')).toBeNull();
    expect(await response.json()).toEqual({ name: 'a/b', tags: [] });
  });

  it('T-6 links to the next page only when something is on it', async () => {
    await using client = await serveTags('a', 'b', 'c', 'd');
    const pages: unknown[] = [];
    let path: string | undefined = '/v2/a/b/tags/list?n=2';
    while (path !== undefined) {
      const response: Response = await fetch(client.server.url + path);
      pages.push(((await response.json()) as { tags: unknown }).tags);
      [, path] = /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '') ?? [];
    }
    expect(pages).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('T-7 begins after last, without it, with and without n', async () => {
    await using client = await serveTags('a', 'b', 'c', 'd');
    expect(await client.tags('?last=b')).toEqual(['c', 'd']);
    expect(await client.tags('?last=b&n=1')).toEqual(['c']);
    expect(await client.tags('?last=d')).toEqual([]);
  });

  it('T-9 begins after a last that names no tag', async () => {
    await using client = await serveTags('a', 'c', 'd');
    expect(await client.tags('?last=b')).toEqual(['c', 'd']);
    expect(await client.tags('?last=%2Fno%20tag')).toEqual(['a', 'c', 'd']);
    expect(await client.tags('?last=zzz&n=5')).toEqual([]);
  });

  it('T-10 gives all tags without n', async () => {
    const tags = Array.from({ length: 1200 }, (_, index) => `t${1000 + index}`);
    await using client = await RepositoryClient.serve();
    const manifest = await client.prepareImage();
    const digest = await client.push('t', manifest);
    for (let at = 0; at < tags.length; at += 100) {
      const query = tags.slice(at, at + 100).map((tag) => `tag=${tag}`);
      await client.push(`${digest}?${query.join('&')}`, manifest);
    }
    const response = await client.get('tags/list');
    expect(response.headers.get('link')).toBeNull();
    expect(await response.json()).toEqual({ name: 'a/b', tags: ['t', ...tags] });
  });

  it('T-11 shows at once what was pushed or deleted', async () => {
    await using client = await serveTags('a');
    await client.pushImage(['b'], { seed: 5 });
    expect(await client.tags()).toEqual(['a', 'b']);
    await client.send('DELETE', 'manifests/a');
    expect(await client.tags()).toEqual(['b']);
  });
});
