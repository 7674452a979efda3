import { describe, expect, it } from 'vitest';
import { envelopeOf, errorOf } from '../fixtures/answers.ts';
import { pushImage } from '../fixtures/push-image.ts';
import { serve, type TestRegistry } from '../fixtures/serve.ts';

async function serveRepositories(
  names: readonly string[],
  options: Parameters<typeof serve>[0] = {},
): Promise<TestRegistry> {
  const server = await serve(options);
  for (const name of names) await pushImage(server.repository(name));
  return server;
}

describe('the catalog', () => {
  it('lists the repositories', async () => {
    await using server = await serveRepositories(['b', 'a/b', 'a']);
    const response = await fetch(`${server.url}/v2/_catalog`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('link')).toBeNull();
    expect(await response.json()).toEqual({ repositories: ['a', 'a/b', 'b'] });
  });

  it('is an empty list for an empty registry', async () => {
    await using server = await serve();
    expect(await (await fetch(`${server.url}/v2/_catalog`)).json()).toEqual({ repositories: [] });
  });

  it('goes on where its links lead, until there is none', async () => {
    await using server = await serveRepositories(['a', 'b', 'c', 'd'], { prefix: '/p' });
    const pages: unknown[] = [];
    const links: string[] = [];
    let next: string | undefined = '/p/v2/_catalog?n=2&unknown=1';
    while (next !== undefined) {
      links.push(next);
      const response: Response = await fetch(server.url + next);
      pages.push(await response.json());
      next = /^<(.+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(pages).toEqual([{ repositories: ['a', 'b'] }, { repositories: ['c', 'd'] }]);
    expect(links.slice(1)).toEqual(['/p/v2/_catalog?last=b&n=2']);
  });

  it('gives 100 entries unless told otherwise', async () => {
    const names = Array.from({ length: 101 }, (_, index) => `r${100 + index}`);
    await using server = await serveRepositories(names);
    const response = await fetch(`${server.url}/v2/_catalog`);
    expect(response.headers.get('link')).toBe('</v2/_catalog?last=r199&n=100>; rel="next"');
    expect(await response.json()).toEqual({ repositories: names.slice(0, 100) });
  });

  it('gives no more than its maximum when nothing is asked for', async () => {
    await using server = await serveRepositories(['a', 'b', 'c'], { maximumCatalogEntries: 2 });
    const response = await fetch(`${server.url}/v2/_catalog`);
    expect(response.headers.get('link')).toBe('</v2/_catalog?last=b&n=2>; rel="next"');
  });

  it('begins after last, which need not name anything', async () => {
    await using server = await serveRepositories(['a', 'c']);
    const response = await fetch(`${server.url}/v2/_catalog?last=b`);
    expect(await response.json()).toEqual({ repositories: ['c'] });
  });

  it('is an empty page without a link for n=0', async () => {
    await using server = await serveRepositories(['a']);
    const response = await fetch(`${server.url}/v2/_catalog?n=0`);
    expect(response.headers.get('link')).toBeNull();
    expect(await response.json()).toEqual({ repositories: [] });
  });

  it('takes the first n of several, and an empty one for none', async () => {
    await using server = await serveRepositories(['a', 'b']);
    const first = await fetch(`${server.url}/v2/_catalog?n=1&n=x`);
    expect(await first.json()).toEqual({ repositories: ['a'] });
    const empty = await fetch(`${server.url}/v2/_catalog?n=`);
    expect(await empty.json()).toEqual({ repositories: ['a', 'b'] });
  });

  it.each(['-1', 'x', '1.5', '1e3', '0x10', '%2B1', ' 1', '1001', '99999999999999999999'])(
    'refuses n=%s',
    async (n) => {
      await using server = await serve();
      const response = await fetch(`${server.url}/v2/_catalog?n=${n}`);
      expect(await errorOf(response.clone())).toEqual({ status: 400, code: 'UNSUPPORTED' });
      expect((await envelopeOf(response))[0]?.detail).toEqual({ n: decodeURIComponent(n) });
    },
  );

  it('answers HEAD without a body', async () => {
    await using server = await serveRepositories(['a']);
    const response = await fetch(`${server.url}/v2/_catalog`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('23');
  });
});
