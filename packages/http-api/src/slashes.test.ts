import { describe, expect, it } from 'vitest';
import { errorOf } from './fixtures/answers.ts';
import { pushImage } from './fixtures/push-image.ts';
import { serve } from './fixtures/serve.ts';

describe('a path with a slash too many', () => {
  it.each([
    ['//v2/', '/v2/'],
    ['//v2/_catalog?n=5', '/v2/_catalog?n=5'],
    ['/v2//a/tags/list', '/v2/a/tags/list'],
    ['///v2///a//b/tags//list//', '/v2/a/b/tags/list/'],
    ['/v2/a/tags/list/?n=1', '/v2/a/tags/list?n=1'],
    ['/v2/a/manifests/x/', '/v2/a/manifests/x'],
    ['/v2/_catalog/', '/v2/_catalog'],
  ])('redirects %s, which has a slash too many, to %s', async (path, location) => {
    await using server = await serve();
    await using prefixed = await serve({ prefix: '/r' });
    for (const method of ['GET', 'HEAD']) {
      const response = await fetch(server.url + path, { method, redirect: 'manual' });
      expect([response.status, response.headers.get('location')]).toEqual([301, location]);
      const below = await fetch(`${prefixed.url}/r${path}`, { method, redirect: 'manual' });
      expect([below.status, below.headers.get('location')]).toEqual([301, `/r${location}`]);
    }
  });

  it('keeps the method of a request that it redirects', async () => {
    await using server = await serve();
    const response = await fetch(`${server.url}//v2/a/blobs/uploads/`, { method: 'POST' });
    expect(response.status).toBe(202);
  });

  it('never redirects a deletion, which could become that of a repository', async () => {
    await using server = await serve();
    await pushImage(server.repository('a/manifests'));
    for (const path of ['/v2/a/manifests//', '//v2/a/manifests/', '/v2/a/manifests/x/y/']) {
      const response = await fetch(server.url + path, { method: 'DELETE', redirect: 'manual' });
      expect(await errorOf(response)).toMatchObject({ status: 404 });
    }
    expect((await fetch(`${server.url}/v2/a/manifests/tags/list`)).status).toBe(200);
  });
});
