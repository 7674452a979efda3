import { digestOf, parseRepositoryName, parseTag } from '@purser/core';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { decoder, pushImage, sampleImageContent } from './fixtures/images.ts';

describe('deletion that is switched off (CVE-2026-41888)', () => {
  it('is refused for blobs, manifests and tags, and nothing is gone', async () => {
    const registry = createRegistry({ driver: new MemoryDriver(), decoder });
    const repository = registry.repository(parseRepositoryName('a'));
    const tag = parseTag('latest');
    const image = sampleImageContent();
    const digest = await pushImage(repository, image);
    await repository.tags.tag(tag, digest);
    const blob = digestOf(image.blobs[0]!);
    for (const call of [
      repository.blobs.delete(blob),
      repository.manifests.delete(digest),
      repository.tags.untag(tag),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
    expect(await repository.tags.get(tag)).toBe(digest);
    expect(await repository.manifests.exists(digest)).toBe(true);
    expect(await repository.blobs.stat(blob)).toBeDefined();
  });
});
