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

describe('a page of the catalog', () => {
  it('costs what is on the page, however many repositories there are', async () => {
    const [small, large] = [await pageCost(100), await pageCost(3000)];
    expect(small.names).toHaveLength(10);
    expect(large.names[0]).toBe('team/app-01501');
    expect(large.calls).toBe(small.calls);
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
