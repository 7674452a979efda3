import assert from 'node:assert/strict';
import { parseTag } from '../tag.ts';
import { sampleBytes } from '../testing/samples.ts';
import { collect, pushImage, repositoryOf, type RegistryTest } from './suite.ts';

/** In the order of the catalog: component by component. */
const names = ['0', 'a', 'a/1b', 'a/b', 'a/b/c', 'a/c', 'a-b', 'a.b/x', 'b', 'm/n/o'];

export function testListing(test: RegistryTest): void {
  test('lists nothing of an empty registry', async (registry) => {
    assert.deepEqual(await collect(registry.repositories()), []);
  });

  test('lists repositories component by component', async (registry) => {
    await fill(registry);
    assert.deepEqual(await collect(registry.repositories()), names.toSorted(byComponent));
  });

  test('lists pages whose sum is the whole', async (registry) => {
    await fill(registry);
    for (let limit = 1; limit <= names.length + 1; limit++) {
      const seen: string[] = [];
      let page: string[];
      do {
        page = await collect(registry.repositories({ limit, after: seen.at(-1) }));
        assert.ok(page.length <= limit);
        seen.push(...page);
      } while (page.length > 0);
      assert.deepEqual(seen, names.toSorted(byComponent));
    }
    assert.deepEqual(await collect(registry.repositories({ limit: 0 })), []);
  });

  test('lists everything over several listings with a budget', async (registry) => {
    await fill(registry);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      let spentAt: string | undefined;
      const budget = { entries: 2, onSpent: (position: string) => void (spentAt = position) };
      seen.push(...(await collect(registry.repositories({ after, budget }))));
      after = spentAt;
    } while (after !== undefined);
    assert.deepEqual(seen, names.toSorted(byComponent));
  });

  test('lists from after a text that names no repository', async (registry) => {
    await fill(registry);
    const sorted = names.toSorted(byComponent);
    for (const after of ['', 'a/0', 'a/b/zz', 'a0', 'm', 'zz']) {
      assert.deepEqual(
        await collect(registry.repositories({ after })),
        sorted.filter((name) => byComponent(name, after) > 0),
        `after ${JSON.stringify(after)}`,
      );
    }
  });

  test('does not list a repository that never held a manifest', async (registry) => {
    await repositoryOf(registry, 'only/blobs').blobs.put(sampleBytes(5));
    await (await repositoryOf(registry, 'only/uploads').blobs.create()).close();
    assert.deepEqual(await collect(registry.repositories()), []);
  });

  test('does not list a repository whose manifests are all deleted, until the next push', async (registry) => {
    const [repository, below] = [repositoryOf(registry), repositoryOf(registry, 'suite/first/b')];
    const first = await pushImage(repository, { seed: 1 });
    const second = await pushImage(repository, { seed: 2 });
    await repository.tags.tag(parseTag('latest'), first.digest);
    await pushImage(below);
    await repository.manifests.delete(first.digest);
    assert.deepEqual(await collect(registry.repositories()), ['suite/first', 'suite/first/b']);
    await repository.manifests.delete(second.digest);
    assert.deepEqual(await collect(registry.repositories()), ['suite/first/b']);
    await pushImage(repository, { seed: 1 });
    assert.deepEqual(await collect(registry.repositories()), ['suite/first', 'suite/first/b']);
  });
}

async function fill(registry: Parameters<typeof repositoryOf>[0]): Promise<void> {
  for (const name of names.toReversed()) await pushImage(repositoryOf(registry, name));
}

function byComponent(left: string, right: string): number {
  const [first, second] = [left.replaceAll('/', '\0'), right.replaceAll('/', '\0')];
  return first < second ? -1 : Number(first > second);
}
