import { parseRepositoryName } from '@purser/core';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { decoder } from './fixtures/images.ts';
import { observeCalls } from './fixtures/recording-driver.ts';

async function pageCost(repositories: number): Promise<{ calls: number; names: string[] }> {
  const driver = new MemoryDriver();
  for (let index = 0; index < repositories; index++) {
    const name = parseRepositoryName(`team/app-${String(index).padStart(5, '0')}`);
    await driver.putContent(
      `/docker/registry/v2/repositories/${name}/_manifests/revisions/x`,
      Buffer.from(''),
    );
  }
  let calls = 0;
  const observed = observeCalls(driver, () => void calls++);
  const names: string[] = [];
  const after = `team/app-${String(repositories / 2).padStart(5, '0')}`;
  const registry = createRegistry({ driver: observed, decoder });
  for await (const name of registry.repositories({ after, limit: 10 })) names.push(name);
  return { calls, names };
}

/** Asks for the whole catalog, and counts how often storage was asked. */
async function catalogOf(paths: readonly string[]) {
  const driver = new MemoryDriver();
  for (const path of paths) {
    await driver.putContent(`/docker/registry/v2/repositories/${path}`, Buffer.from(''));
  }
  const asked: string[] = [];
  const observed = observeCalls(driver, (method, path) => void asked.push(`${method} ${path}`));
  const names: string[] = [];
  const registry = createRegistry({ driver: observed, decoder });
  for await (const name of registry.repositories()) names.push(name);
  return { names, asked };
}

it('tells in one question whether the catalog lists a repository', async () => {
  const driver = new MemoryDriver();
  for (const path of ['a/_manifests/revisions/x', 'a/b/_layers/x', 'a/c/_uploads/x']) {
    await driver.putContent(`/docker/registry/v2/repositories/${path}`, Buffer.from(''));
  }
  let calls = 0;
  const registry = createRegistry({ driver: observeCalls(driver, () => void calls++), decoder });
  const names = ['a', 'a/b', 'a/c', 'none'].map(parseRepositoryName);
  const found = await Promise.all(names.map((name) => registry.has(name)));
  expect(found).toEqual([true, false, false, false]);
  expect(calls).toBe(names.length);
});

describe('a page of the catalog', () => {
  it('costs what is on the page, however many repositories there are', async () => {
    const [small, large] = [await pageCost(100), await pageCost(3000)];
    expect(small.names).toHaveLength(10);
    expect(large.names[0]).toBe('team/app-01501');
    expect(large.calls).toBe(small.calls);
  });

  it('has what has a _manifests, before what is below it, and asks for nothing but the walk', async () => {
    const { names, asked } = await catalogOf([
      'a/_layers/x',
      'a/_manifests/x',
      'a/_uploads/x',
      'a/b/_manifests/x',
      'a/_manifests-not',
      'a-b/_layers/x',
      'a-b/_uploads/x',
      'a-b/c/_layers/x',
      'a-b/c/_manifests/x',
      'm',
      'z/_manifests/x',
    ]);
    expect(names).toEqual(['a', 'a/b', 'a-b/c', 'z']);
    expect(asked).toEqual(['walk /docker/registry/v2/repositories']);
  });

  it('asks for the _manifests that come after repositories which begin with a digit', async () => {
    const { names, asked } = await catalogOf([
      'team/0/_manifests/x',
      'team/1/_layers/x',
      'team/1/2/_manifests/x',
      'team/_manifests/x',
      'teams/3/_manifests/x',
      'teams/_layers/x',
    ]);
    expect(names).toEqual(['team', 'team/0', 'team/1/2', 'teams/3']);
    expect(asked.filter((call) => call.startsWith('stat'))).toEqual(
      ['team', 'team/1', 'teams'].map(
        (name) => `stat /docker/registry/v2/repositories/${name}/_manifests`,
      ),
    );
  });

  it.each(['a b', '../..', '\0', 'A', 'x'.repeat(9999), 'team/ZZZ', '//', '%'])(
    'may start after any text: %j',
    async (after) => {
      const driver = new MemoryDriver();
      await driver.putContent(
        '/docker/registry/v2/repositories/team/app/_manifests/x',
        Buffer.from(''),
      );
      const names: string[] = [];
      for await (const name of createRegistry({ driver, decoder }).repositories({ after })) {
        names.push(name);
      }
      const expected = 'team\0app' > after.replaceAll('/', '\0') ? ['team/app'] : [];
      expect(names).toEqual(expected);
    },
  );
});
