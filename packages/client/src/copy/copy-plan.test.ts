import { digestOf, type Manifest, type Repository } from '@purser/core';
import { describeBytes, sampleBytes, sampleImage } from '@purser/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { copy } from './copy.ts';
import { planCopy } from './copy-plan.ts';
import {
  createRepository,
  LATEST,
  PLATFORMS,
  pushImage,
  pushPlatforms,
} from './fixtures/sample-images.ts';
import { watchBlobs } from './fixtures/watch-blobs.ts';
import { parsePlatform } from './platform.ts';

let from: Repository;
let to: Repository;

beforeEach(() => {
  from = createRepository();
  to = createRepository('mirror/app');
});

describe('copying one platform', () => {
  it('brings that image alone, which the tag then names', async () => {
    const { index, members } = await pushPlatforms(from, PLATFORMS);
    const platform = parsePlatform('linux/arm64');
    await copy({ from, reference: index.digest, to, tags: [LATEST], platform });
    expect(await to.tags.get(LATEST)).toBe(members[2]!.digest);
    expect(await to.manifests.exists(members[0]!.digest)).toBe(false);
    expect(await to.manifests.exists(index.digest)).toBe(false);
  });

  it('takes the best image that runs there', async () => {
    const { index, members } = await pushPlatforms(
      from,
      ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v8'].map(parsePlatform),
    );
    const platform = parsePlatform('linux/arm/v7');
    const { digest } = await planCopy({ from, reference: index.digest, to, platform });
    expect(digest).toBe(members[1]!.digest);
  });

  it('tells which there are when none fits', async () => {
    const { index } = await pushPlatforms(from, PLATFORMS);
    const platform = parsePlatform('linux/riscv64');
    await expect(copy({ from, reference: index.digest, to, platform })).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
      message: 'no image for linux/riscv64: there is linux/amd64, linux/arm/v6, linux/arm64',
    });
  });

  it('takes an image for what its config says that it is', async () => {
    const { digest } = await pushImage(from, { platform: PLATFORMS[0]! });
    const reference = digest;
    const result = await copy({ from, reference, to, platform: PLATFORMS[0] });
    expect(result.digest).toBe(digest);
    await expect(copy({ from, reference, to, platform: PLATFORMS[2] })).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    });
  });
});

describe('a plan', () => {
  it('says what would go, and changes nothing', async () => {
    const { index, members } = await pushPlatforms(from, PLATFORMS);
    await copy({ from, reference: members[0]!.digest, to });
    const { repository, calls } = watchBlobs(to);
    const plan = await planCopy({ from, reference: index.digest, to: repository, tags: [LATEST] });
    const going = plan.items.filter(({ action }) => action === 'copy');
    expect(going).toHaveLength(4 + 3);
    expect(plan.tags).toEqual([LATEST]);
    expect(plan.copyBytes).toBe(going.reduce((sum, { descriptor }) => sum + descriptor.size, 0));
    expect(plan.totalBytes).toBeGreaterThan(plan.copyBytes);
    expect(new Set(calls)).toEqual(new Set(['stat']));
    expect(await to.manifests.exists(index.digest)).toBe(false);
  });

  it('leaves layers elsewhere that may not be distributed, as others do', async () => {
    const config = Buffer.from('{}');
    const [kept, held] = [sampleBytes(10, 5), sampleBytes(10, 6)];
    await from.blobs.put(config);
    await from.blobs.put(held);
    const layer = (content: Uint8Array) => ({
      ...describeBytes(content),
      urls: ['https://a.example/x'],
    });
    const image = sampleImage({
      config: describeBytes(config),
      layers: [layer(kept), describeBytes(held), describeBytes(sampleBytes(10, 7))],
    });
    const foreign: Manifest = {
      ...image,
      references: image.references.map((one, at) => ({ ...one, foreign: at > 0 })),
    };
    const digest = await from.manifests.put(foreign);
    const { plan } = await copy({ from, reference: digest, to });
    expect(plan.items.map(({ action }) => action)).toEqual([
      'copy',
      'elsewhere',
      'copy',
      'elsewhere',
      'copy',
    ]);
    expect(await to.blobs.stat(digestOf(held))).toBeDefined();
  });

  it('fails when there is no such tag, or a member is missing', async () => {
    await expect(planCopy({ from, reference: LATEST, to })).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
      message: 'there is no tag latest in team/app',
    });
    const { index, members } = await pushPlatforms(from, PLATFORMS);
    await from.manifests.delete(members[1]!.digest);
    await expect(planCopy({ from, reference: index.digest, to })).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    });
  });
});
