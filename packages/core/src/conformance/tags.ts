import assert from 'node:assert/strict';
import { RegistryError } from '../errors.ts';
import { parseTag, type Tag } from '../tag.ts';
import { collect, fails, pushImage, repositoryOf, type RegistryTest } from './suite.ts';

const names = ['0', 'A', 'Z', '_x', 'a', 'b-1', 'b.1', 'latest', 'v1.0_rc-2'];

export function testTags(test: RegistryTest): void {
  test('gives the digest a tag was made for, and moves it', async (registry) => {
    const repository = repositoryOf(registry);
    const first = await pushImage(repository, { seed: 1 });
    const second = await pushImage(repository, { seed: 2 });
    const tag = parseTag('latest');
    assert.equal(await repository.tags.get(tag), undefined);
    await repository.tags.tag(tag, first.digest);
    assert.equal(await repository.tags.get(tag), first.digest);
    await repository.tags.tag(tag, second.digest);
    assert.equal(await repository.tags.get(tag), second.digest);
    assert.equal(await repository.manifests.exists(first.digest), true);
  });

  test('moves a tag only from what it is allowed to, also when many try at once', async (registry) => {
    const repository = repositoryOf(registry);
    const digests = [];
    for (let seed = 1; seed <= 4; seed++)
      digests.push((await pushImage(repository, { seed })).digest);
    const tag = parseTag('latest');
    const isNew = { allow: (current: unknown) => current === undefined };
    const attempts = await Promise.allSettled(
      digests.map((digest) => repository.tags.tag(tag, digest, isNew)),
    );
    const winners = digests.filter((_, index) => attempts[index]?.status === 'fulfilled');
    assert.equal(winners.length, 1);
    assert.equal(await repository.tags.get(tag), winners[0]);
    await fails(repository.tags.tag(tag, digests[0]!, isNew), 'PRECONDITION_FAILED');
    const isCurrent = { allow: (current: unknown) => current === winners[0] };
    await repository.tags.tag(tag, digests[0]!, isCurrent);
    assert.equal(await repository.tags.get(tag), digests[0]);
    const refuse = () => {
      throw new RegistryError('DENIED');
    };
    await fails(repository.tags.tag(tag, digests[1]!, { allow: refuse }), 'DENIED');
    assert.equal(await repository.tags.get(tag), digests[0]);
  });

  test('tells a name in capitals from one in small letters', async (registry) => {
    const repository = repositoryOf(registry);
    const { digest } = await pushImage(repository);
    await repository.tags.tag(parseTag('Latest'), digest);
    assert.equal(await repository.tags.get(parseTag('latest')), undefined);
  });

  test('removes a tag and keeps its manifest', async (registry) => {
    const repository = repositoryOf(registry);
    const { digest } = await pushImage(repository);
    const tag = parseTag('latest');
    await repository.tags.tag(tag, digest);
    await repository.tags.untag(tag);
    assert.equal(await repository.tags.get(tag), undefined);
    assert.equal(await repository.manifests.exists(digest), true);
    assert.deepEqual(await collect(repository.tags.list()), []);
    await fails(repository.tags.untag(tag), 'MANIFEST_UNKNOWN');
  });

  test('finds the tags of a manifest', async (registry) => {
    const repository = repositoryOf(registry);
    const first = await pushImage(repository, { seed: 1 });
    const second = await pushImage(repository, { seed: 2 });
    for (const name of ['c', 'a', 'b']) await repository.tags.tag(parseTag(name), first.digest);
    await repository.tags.tag(parseTag('b'), second.digest);
    assert.deepEqual(await collect(repository.tags.lookup(first.digest)), ['a', 'c']);
    assert.deepEqual(await collect(repository.tags.lookup(second.digest)), ['b']);
    const unknown = repositoryOf(registry, 'suite/second').tags.lookup(first.digest);
    assert.deepEqual(await collect(unknown), []);
  });

  test('lists tags in byte order', async (registry) => {
    const { tags } = await tagged(registry);
    assert.deepEqual(await collect(tags.list()), names);
  });

  test('lists pages whose sum is the whole', async (registry) => {
    const { tags } = await tagged(registry);
    for (let limit = 1; limit <= names.length + 1; limit++) {
      const seen: Tag[] = [];
      let page: Tag[];
      do {
        page = await collect(tags.list({ limit, after: seen.at(-1) }));
        assert.ok(page.length <= limit);
        seen.push(...page);
      } while (page.length > 0);
      assert.deepEqual(seen, names);
    }
    assert.deepEqual(await collect(tags.list({ limit: 0 })), []);
  });

  test('lists from after a text that is no tag', async (registry) => {
    const { tags } = await tagged(registry);
    assert.deepEqual(await collect(tags.list({ after: 'b' })), names.slice(5));
    assert.deepEqual(await collect(tags.list({ after: 'zzz' })), []);
    assert.deepEqual(await collect(tags.list({ after: '' })), names);
  });

  test('knows no tags of a repository that does not exist', async (registry) => {
    await fails(collect(repositoryOf(registry).tags.list()), 'NAME_UNKNOWN');
  });

  test('lists no tags of a repository whose manifests have none', async (registry) => {
    const repository = repositoryOf(registry);
    await pushImage(repository);
    assert.deepEqual(await collect(repository.tags.list()), []);
  });
}

async function tagged(registry: Parameters<typeof repositoryOf>[0]) {
  const repository = repositoryOf(registry);
  const { digest } = await pushImage(repository);
  for (const name of names.toReversed()) await repository.tags.tag(parseTag(name), digest);
  return repository;
}
