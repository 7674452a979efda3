import type { Descriptor } from '@purser/core';
import { describe, expect, it, vi } from 'vitest';
import { createRepository, PLATFORMS, pushIndex, pushPlatforms } from './fixtures/sample-images.ts';
import { selectPlatform } from './select-platform.ts';

const repeated = (descriptor: Descriptor): readonly Descriptor[] => Array(20).fill(descriptor);

describe('endless images', () => {
  it('are searched once, however often an index repeats its members', async () => {
    const repository = createRepository();
    const { index, members } = await pushPlatforms(repository, PLATFORMS);
    const middle = await pushIndex(repository, repeated(index));
    const top = await pushIndex(repository, repeated(middle));
    const get = vi.spyOn(repository.manifests, 'get');
    const [platform] = PLATFORMS;
    expect(await selectPlatform(repository, top.digest, { platform: platform! })).toBe(
      members[0]!.digest,
    );
    expect(get).toHaveBeenCalledTimes(3);
  });

  it('are refused beyond 1,000 indexes', async () => {
    const repository = createRepository();
    const many: Descriptor[] = [];
    for (let count = 0; count < 1_000; count++) {
      many.push(await pushIndex(repository, many.slice(-1)));
    }
    const top = await pushIndex(repository, many);
    await expect(
      selectPlatform(repository, top.digest, { platform: PLATFORMS[0]! }),
    ).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});
