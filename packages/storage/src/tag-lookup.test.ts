import { parseRepositoryName, parseTag } from '@purser/core';
import { MemoryDriver } from '@purser/storage-driver';
import { expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { decoder, pushImage } from './fixtures/images.ts';

/** A driver that is slow to read, and counts how many ask at a time. */
class SlowDriver extends MemoryDriver {
  most = 0;
  #asking = 0;

  override async getContent(
    ...call: Parameters<MemoryDriver['getContent']>
  ): ReturnType<MemoryDriver['getContent']> {
    this.most = Math.max(this.most, ++this.#asking);
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.#asking--;
    return super.getContent(...call);
  }
}

it.each([
  [1, 1],
  [3, 3],
  [undefined, 10],
])('the tags of a manifest are looked for with %s reads at a time', async (tagReads, most) => {
  const driver = new SlowDriver();
  const registry = createRegistry({ driver, decoder, tagReads });
  const repository = registry.repository(parseRepositoryName('a'));
  const digest = await pushImage(repository);
  const names = Array.from({ length: 10 }, (_, index) => `t${index}`);
  for (const name of names) await repository.tags.tag(parseTag(name), digest);
  driver.most = 0;
  const found: string[] = [];
  for await (const tag of repository.tags.lookup(digest)) found.push(tag);
  expect(found).toEqual(names);
  expect(driver.most).toBe(most);
});
