import {
  digestOf,
  parseRepositoryName,
  parseTag,
  RegistryError,
  type Registry,
  type Repository,
} from '@purser/core';
import { describeBytes, sampleIndex } from '@purser/core/testing';
import { MemoryDriver, type StorageDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { decoder, pushImage, sampleImageContent } from './fixtures/images.ts';
import { observeCalls } from './fixtures/recording-driver.ts';

const name = parseRepositoryName('team/app');
const tag = parseTag('latest');
const open = (driver: StorageDriver): Registry =>
  createRegistry({ driver, decoder, deletion: true, repositoryDeletion: true });

/** Two images, and a tagged index of them. */
async function pushIndex(repository: Repository) {
  const images = [sampleImageContent(1), sampleImageContent(3)];
  for (const image of images) await pushImage(repository, image);
  const members = images.map(({ manifest }) => describeBytes(manifest.payload, manifest.mediaType));
  const index = sampleIndex(members);
  await repository.tags.tag(tag, await repository.manifests.put(index));
  return [...images.map(({ manifest }) => manifest), index];
}

/** Fails when a tag names a manifest that is gone, or a manifest refers to what is. */
async function expectWhole({ manifests, blobs, tags }: Repository, pushed: readonly string[]) {
  const named = await tags.get(tag);
  expect(named === undefined || (await manifests.exists(named))).toBe(true);
  for (const digest of pushed as Parameters<typeof manifests.get>[0][]) {
    if (!(await manifests.exists(digest))) continue;
    const { references } = await manifests.get(digest);
    for (const { kind, descriptor } of references) {
      const found =
        kind === 'manifest'
          ? await manifests.exists(descriptor.digest)
          : await blobs.stat(descriptor.digest);
      expect(found, `${digest} has its ${kind}`).toBeTruthy();
    }
  }
}

async function callsOfRemoval(): Promise<number> {
  const driver = new MemoryDriver();
  await pushIndex(open(driver).repository(name));
  let calls = 0;
  await open(observeCalls(driver, () => void calls++))
    .repository(name)
    .remover!.remove();
  return calls;
}

describe('removing a repository', async () => {
  const calls = await callsOfRemoval();

  it.each(Array.from({ length: calls }, (_, index) => index))(
    'leaves a whole repository when the process dies after %i calls, and goes on afterwards',
    async (alive) => {
      const driver = new MemoryDriver();
      const pushed = await pushIndex(open(driver).repository(name));
      const digests = pushed.map(({ payload }) => digestOf(payload));
      let left = alive;
      const dying = observeCalls(driver, () => {
        if (left-- <= 0) throw new Error('the process is dead');
      });
      await expect(open(dying).repository(name).remover!.remove()).rejects.toThrow('is dead');
      const repository = open(driver).repository(name);
      await expectWhole(repository, digests);
      await repository.remover!.remove().catch((error: unknown) => {
        // It may have been done but for its last look.
        if (!RegistryError.is(error, 'NAME_UNKNOWN')) throw error;
      });
      for (const digest of digests) expect(await repository.manifests.exists(digest)).toBe(false);
    },
  );

  it('needs deletion, and its own option', async () => {
    const driver = new MemoryDriver();
    const without = createRegistry({ driver, decoder, repositoryDeletion: true }).repository(name);
    await expect(without.remover!.remove()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(createRegistry({ driver, decoder, deletion: true }).repository(name).remover).toBe(
      undefined,
    );
  });
});
