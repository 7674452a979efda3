import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { serve } from './fixtures/serve.ts';

type Options = Parameters<typeof serve>[0];

/** The location of a new upload, up to its id. */
async function locationFor(
  headers: Record<string, string>,
  { path = '/v2/a/blobs/uploads/', ...options }: Options & { path?: string } = {},
): Promise<string> {
  await using server = await serve(options);
  return await new Promise((resolve, reject) => {
    const { port } = server;
    request({ port, path, method: 'POST', headers, setHost: !('Host' in headers) }, (response) => {
      resolve((response.headers.location ?? '').replace(/[0-9a-f-]{36}$/, ''));
      response.resume();
    })
      .on('error', reject)
      .end();
  });
}

const PATH = '/v2/a/blobs/uploads/';

describe('a location', () => {
  it('is what the request says', async () => {
    expect(await locationFor({ Host: 'r.example:5000' })).toBe(`http://r.example:5000${PATH}`);
  });

  it('is what the proxy says the client asked', async () => {
    const forwarded = {
      Host: 'inside',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'r.example',
    };
    expect(await locationFor(forwarded)).toBe(`https://r.example${PATH}`);
    const better = { ...forwarded, Forwarded: 'host=better.example' };
    expect(await locationFor(better)).toBe(`http://better.example${PATH}`);
    const broken = { ...forwarded, Forwarded: 'host' };
    expect(await locationFor(broken)).toBe(`http://inside${PATH}`);
  });

  it('has the prefix, once', async () => {
    const options = { prefix: '/p/q', path: `/p/q${PATH}` };
    expect(await locationFor({ Host: 'r.example' }, options)).toBe(`http://r.example/p/q${PATH}`);
    const relative = { ...options, relativeUrls: true };
    expect(await locationFor({ Host: 'r.example' }, relative)).toBe(`/p/q${PATH}`);
  });

  it.each([
    ['https://r.example', `https://r.example${PATH}`],
    ['https://r.example:8443/', `https://r.example:8443${PATH}`],
    ['https://r.example/below/', `https://r.example/below${PATH}`],
    ['https://r.example/dropped', `https://r.example${PATH}`],
    ['https://r.example/kept/dropped', `https://r.example/kept${PATH}`],
  ])('begins with the host %s, whatever else is set', async (host, location) => {
    const headers = { Host: 'x', 'X-Forwarded-Host': 'y' };
    const options = { host, relativeUrls: true, prefix: '/p', path: `/p${PATH}` };
    expect(await locationFor(headers, options)).toBe(location);
  });

  it.each(['a b', 'a/b', 'u@h', 'a"b', '<x>', 'a?b', 'ä'])(
    'ignores the forwarded host %j',
    async (host) => {
      const headers = { Host: 'r.example', 'X-Forwarded-Host': host };
      expect(await locationFor(headers)).toBe(`http://r.example${PATH}`);
    },
  );

  it('is a path when the request names no usable host', async () => {
    expect(await locationFor({ Host: 'a b' })).toBe(PATH);
    expect(await locationFor({ Host: 'u@h' })).toBe(PATH);
    expect(await locationFor({ Host: '' })).toBe(PATH);
  });

  it('follows a request in absolute-form', async () => {
    const path = `http://elsewhere.example${PATH}`;
    expect(await locationFor({ Host: 'r.example' }, { path })).toBe(`http://r.example${PATH}`);
    const below = { path: `http://elsewhere.example/p${PATH}`, prefix: '/p', relativeUrls: true };
    expect(await locationFor({ Host: 'r.example' }, below)).toBe(`/p${PATH}`);
  });
});
