import { digestOf } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { collect } from '../fixtures/collect.ts';
import { failureOf } from '../fixtures/failure-of.ts';
import { ScriptedRegistry, type Script } from '../fixtures/scripted-registry.ts';

const LIST = '/v2/library/app/tags/list';
const TYPE = { 'content-type': 'application/json' };

/** Gives the tags of each page, by the path with the query. */
const paged =
  (pages: Readonly<Record<string, { tags: readonly string[] | null; link?: string }>>): Script =>
  ({ path, answer }) => {
    const page = pages[path.slice(LIST.length)];
    if (page === undefined) return answer(404);
    const link = page.link === undefined ? {} : { link: page.link };
    answer(200, { ...TYPE, ...link }, JSON.stringify({ name: 'library/app', tags: page.tags }));
  };

describe('a listing', () => {
  it('goes on to the page that the registry links to, relative or absolute', async () => {
    const pages: Record<string, { tags: string[]; link?: string }> = {
      '': { tags: ['a', 'b'], link: `<${LIST}?n=2&last=b>; rel="next"` },
      '?n=2&last=b': { tags: ['c'], link: '<list?last=c>;title="x, y"; rel=next' },
      '?last=c': { tags: ['d'] },
    };
    await using registry = await ScriptedRegistry.listen((exchange) => paged(pages)(exchange));
    pages['?last=c'] = {
      tags: ['d'],
      link: `<http://${registry.host}${LIST}?end>; rel="prev next"`,
    };
    pages['?end'] = { tags: ['e'], link: `<${LIST}>; rel="first"` };
    const tags = await collect(registry.repository().tags.list());
    expect(tags).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('asks for no page that is not wanted', async () => {
    await using registry = await ScriptedRegistry.listen(
      paged({
        '?last=a&n=2': { tags: ['b', 'c'], link: `<${LIST}?more>; rel="next"` },
      }),
    );
    const { tags } = registry.repository();
    expect(await collect(tags.list({ after: 'a', limit: 2 }))).toEqual(['b', 'c']);
    expect(await collect(tags.list({ limit: 0 }))).toEqual([]);
    expect(registry.asked).toEqual([`GET ${LIST}?last=a&n=2`]);
  });

  it('is in byte order, without what was not asked for, where the registry does not sort', async () => {
    const page = { tags: ['b', 'A', 'c', 'a', 'B', 'a'] };
    await using registry = await ScriptedRegistry.listen(
      paged({ '': page, '?last=B&n=2': page, '?last=B': page }),
    );
    const { tags } = registry.repository();
    expect(await collect(tags.list())).toEqual(['A', 'B', 'a', 'b', 'c']);
    expect(await collect(tags.list({ after: 'B', limit: 2 }))).toEqual(['a', 'b']);
    expect(await collect(tags.list({ after: 'B' }))).toEqual(['a', 'b', 'c']);
  });

  it('gives late what only a later page shows to be out of order', async () => {
    await using registry = await ScriptedRegistry.listen(
      paged({
        '': { tags: ['a', 'c'], link: `<${LIST}?2>; rel="next"` },
        '?2': { tags: ['b', 'd'] },
      }),
    );
    expect(await collect(registry.repository().tags.list())).toEqual(['a', 'c', 'b', 'd']);
  });

  it('is empty where Go writes null', async () => {
    await using registry = await ScriptedRegistry.listen(paged({ '': { tags: null } }));
    expect(await collect(registry.repository().tags.list())).toEqual([]);
  });

  it('is of an unknown repository', async () => {
    await using registry = await ScriptedRegistry.listen(({ answer }) => answer(404));
    expect(await failureOf(collect(registry.repository().tags.list()))).toMatchObject({
      code: 'NAME_UNKNOWN',
    });
  });
});

describe('a hostile listing', () => {
  it.each([
    ['leads in a circle', `<${LIST}>; rel="next"`],
    ['leads to another registry', '<http://127.0.0.1:1/v2/library/app/tags/list>; rel="next"'],
    ['leads to another scheme', '<file:///etc/passwd>; rel="next"'],
    ['leads to no URL', '<http://[>; rel="next"'],
  ])('that %s is refused', async (_, link) => {
    await using registry = await ScriptedRegistry.listen(paged({ '': { tags: ['a'], link } }));
    expect(await failureOf(collect(registry.repository().tags.list()))).toMatchObject({
      code: 'RESPONSE_INVALID',
    });
    expect(registry.asked).toEqual([`GET ${LIST}`]);
  });

  it('whose Link is too long is refused before it is parsed (catastrophic backtracking)', async () => {
    const link = '<'.repeat(60_000);
    await using registry = await ScriptedRegistry.listen(paged({ '': { tags: ['a'], link } }));
    expect(await failureOf(collect(registry.repository().tags.list()))).toMatchObject({
      code: 'RESPONSE_INVALID',
    });
  });

  it('sends nobody credentials', async () => {
    await using thief = await ScriptedRegistry.listen(({ answer }) => answer(200));
    await using registry = await ScriptedRegistry.listen(({ headers, answer }) =>
      headers.authorization === undefined
        ? answer(401, { 'www-authenticate': 'Basic realm="x"' })
        : answer(200, { link: `<http://${thief.host}/>; rel="next"` }, '{"tags":["a"]}'),
    );
    const credentials = { credentials: async () => ({ username: 'ann', password: 'secret' }) };
    const { tags } = registry.repository({ credentials });
    const error = await failureOf(collect(tags.list()));
    expect(error).toMatchObject({ code: 'RESPONSE_INVALID' });
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('secret');
    expect(thief.received).toEqual([]);
  });

  it.each([
    ['no JSON', '<html>'],
    ['no object', '[]'],
    ['no list', '{"tags":"a"}'],
    ['no tags', '{"tags":["a/b"]}'],
    ['numbers', '{"tags":[1]}'],
  ])('of %s is refused', async (_, body) => {
    await using registry = await ScriptedRegistry.listen(({ answer }) => answer(200, TYPE, body));
    expect(await failureOf(collect(registry.repository().tags.list()))).toMatchObject({
      code: 'RESPONSE_INVALID',
    });
  });

  it('whose page has no end is refused', async () => {
    let isOpen = true;
    await using registry = await ScriptedRegistry.listen(async ({ response }) => {
      response.on('close', () => (isOpen = false));
      response.write('{"tags":["a"');
      while (isOpen) {
        response.write(',"a"'.repeat(10_000));
        await new Promise(setImmediate);
      }
    });
    const { tags } = registry.repository({ maximumListingSize: 500_000 });
    expect(await failureOf(collect(tags.list()))).toMatchObject({ code: 'RESPONSE_INVALID' });
    await expect.poll(() => isOpen).toBe(false);
  });

  it('without an end of pages is refused', async () => {
    let page = 0;
    await using registry = await ScriptedRegistry.listen(({ answer }) => {
      answer(200, { link: `<${LIST}?${page++}>; rel="next"` }, '{"tags":[]}');
    });
    const { tags } = registry.repository({ maximumPages: 20 });
    expect(await failureOf(collect(tags.list()))).toMatchObject({ code: 'RESPONSE_INVALID' });
    expect(registry.asked).toHaveLength(20);
  });

  it.each([
    ['no index', '[]'],
    ['no descriptors', '{"manifests":[{"digest":"sha256:0"}]}'],
    ['no JSON', '{'],
  ])('of referrers that is %s is refused', async (_, body) => {
    await using registry = await ScriptedRegistry.listen(({ answer }) => answer(200, TYPE, body));
    const { referrers } = registry.repository();
    expect(await failureOf(collect(referrers.list(digestOf(Buffer.from('x')))))).toMatchObject({
      code: 'RESPONSE_INVALID',
    });
  });
});

it('filters referrers that the registry did not filter, over all pages', async () => {
  const subject = digestOf(Buffer.from('x'));
  const entries = [1, 2, 3, 4].map((seed) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(Buffer.from([seed])),
    size: 1,
    artifactType: `application/vnd.${seed % 2 === 0 ? 'even' : 'odd'}`,
  }));
  await using registry = await ScriptedRegistry.listen(({ path, answer }) => {
    const isFirst = !path.includes('last=');
    const link = { link: `<${path.split('?')[0]}?last=x>; rel="next"` };
    const manifests = isFirst ? entries.slice(0, 2) : entries.slice(2);
    answer(200, { ...TYPE, ...(isFirst && link) }, JSON.stringify({ manifests }));
  });
  const { referrers } = registry.repository();
  const found = await collect(referrers.list(subject, { artifactType: 'application/vnd.even' }));
  expect(found.map(({ digest }) => digest).toSorted()).toEqual(
    [entries[1]!.digest, entries[3]!.digest].toSorted(),
  );
});
