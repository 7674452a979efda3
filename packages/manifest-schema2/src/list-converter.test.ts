import { describe, expect, it } from 'vitest';
import {
  createManifestDecoder,
  digestOf,
  parseRepositoryName,
  parseTag,
  type Descriptor,
} from '@purser/core';
import { createMemoryRegistry } from '@purser/core/testing';
import { createManifestListBuilder, createSchema2Builder } from './build.ts';
import { schema2Formats } from './format.ts';
import { manifestListConverter } from './list-converter.ts';

describe('the converter of manifest lists', () => {
  const repository = createMemoryRegistry().repository(parseRepositoryName('team/app'));
  const source = { repository, tag: parseTag('latest') };

  async function image(architecture: string) {
    const config = Buffer.from(JSON.stringify({ architecture }));
    return createSchema2Builder({ blobs: repository.blobs, config }).build();
  }

  const member = (digest: Descriptor['digest'], architecture: string, os = 'linux') => ({
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    digest,
    size: 1,
    platform: { architecture, os },
  });

  it('gives the first member for linux/amd64, byte for byte', async () => {
    const [arm, intel] = [await image('arm64'), await image('amd64')];
    await repository.manifests.put(intel);
    const list = await createManifestListBuilder([
      member(digestOf(arm.payload), 'arm64'),
      member(digestOf(arm.payload), 'amd64', 'windows'),
      member(digestOf(intel.payload), 'amd64'),
      member(digestOf(arm.payload), 'amd64'),
    ]).build();
    const { payload } = await manifestListConverter.convert(list, source);
    expect(Buffer.from(payload)).toEqual(Buffer.from(intel.payload));
  });

  it.each([
    ['has no member for linux/amd64', 'arm64'],
    ['names a member that is not there', 'amd64'],
  ])('fails when the list %s', async (_name, architecture) => {
    const list = await createManifestListBuilder([
      member(digestOf(Buffer.from('absent')), architecture),
    ]).build();
    const decoded = createManifestDecoder(schema2Formats).decode(list.payload, list.mediaType);
    await expect(manifestListConverter.convert(decoded, source)).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    });
  });
});
