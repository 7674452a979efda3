import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/answers.ts';
import { pushImage, type PushedImage } from '../fixtures/push-image.ts';
import { serve, type TestRegistry } from '../fixtures/serve.ts';

/** Pushes an image again, by a reference with a query. */
function push(
  { url }: TestRegistry,
  { manifest }: PushedImage,
  reference: string,
): Promise<Response> {
  return fetch(`${url}/v2/a/b/manifests/${reference}`, {
    method: 'PUT',
    body: Buffer.from(manifest.payload),
    headers: { 'Content-Type': manifest.mediaType },
  });
}

async function tagsOf({ url }: TestRegistry): Promise<unknown> {
  return ((await (await fetch(`${url}/v2/a/b/tags/list`)).json()) as { tags: unknown }).tags;
}

describe('the tag parameters of a push by digest', () => {
  it('set every tag, each once, and say which', async () => {
    await using server = await serve();
    const image = await pushImage(server.repository('a/b'), { tags: [] });
    const response = await push(server, image, `${image.digest}?tag=b&tag=a&tag=b`);
    expect(response.status).toBe(201);
    expect(response.headers.get('oci-tag')).toBe('b, a');
    expect(await tagsOf(server)).toEqual(['a', 'b']);
  });

  it('are absent as a rule, and then nothing is said of them', async () => {
    await using server = await serve();
    const image = await pushImage(server.repository('a/b'), { tags: [] });
    expect((await push(server, image, image.digest)).headers.get('oci-tag')).toBeNull();
    expect((await push(server, image, 'c')).headers.get('oci-tag')).toBeNull();
    expect(await tagsOf(server)).toEqual(['c']);
  });

  const TOO_MANY = Array.from({ length: 101 }, (_, index) => `tag=t${index}`).join('&');

  it.each([
    {
      which: 'with a malformed one',
      query: '?tag=a&tag=-b',
      status: 400,
      code: 'MANIFEST_INVALID',
    },
    { which: 'with an empty one', query: '?tag=a&tag=', status: 400, code: 'MANIFEST_INVALID' },
    { which: 'with too many', query: `?${TOO_MANY}`, status: 414, code: 'UNSUPPORTED' },
  ])('are refused $which, and nothing is tagged', async ({ query, status, code }) => {
    await using server = await serve();
    const image = await pushImage(server.repository('a/b'), { tags: [] });
    const refused = await push(server, image, image.digest + query);
    expect(await errorOf(refused)).toEqual({ status, code });
    expect(await tagsOf(server)).toEqual([]);
  });

  it('are refused beside a tag in the path', async () => {
    await using server = await serve();
    const image = await pushImage(server.repository('a/b'), { tags: [] });
    const refused = await push(server, image, 'a?tag=b');
    expect(await errorOf(refused)).toEqual({ status: 400, code: 'UNSUPPORTED' });
    expect(await tagsOf(server)).toEqual([]);
  });
});
