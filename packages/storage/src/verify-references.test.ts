import { digestOf, parseRepositoryName, type Descriptor } from '@purser/core';
import { describeBytes, sampleBytes, sampleImage, sampleIndex } from '@purser/core/testing';
import { MemoryDriver } from '@purser/storage-driver';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './create-registry.ts';
import { decoder } from './fixtures/images.ts';
import type { ReferencePolicy } from './policy.ts';

function manifestsUnder(references: ReferencePolicy) {
  const registry = createRegistry({ driver: new MemoryDriver(), decoder, references });
  return registry.repository(parseRepositoryName('a')).manifests;
}

const image = sampleImage({ config: describeBytes(sampleBytes(2)), layers: [] });

function member(architecture?: string): Descriptor {
  const descriptor = describeBytes(sampleBytes(3), 'application/vnd.oci.image.manifest.v1+json');
  return architecture === undefined
    ? descriptor
    : { ...descriptor, platform: { architecture, os: 'linux' } };
}

describe('what a manifest refers to', () => {
  it.each([
    ['an image without its blobs', { blobs: 'none' }, image],
    ['an index without its members', { manifests: 'none' }, sampleIndex([member()])],
    [
      'an index without members of other platforms',
      { manifests: [{ architecture: 'amd64', os: 'linux' }] },
      sampleIndex([member('arm64')]),
    ],
    [
      'an index without members of no platform',
      { manifests: [{ architecture: 'amd64', os: 'linux' }] },
      sampleIndex([member()]),
    ],
  ] as const)('V-15 may be missing: %s', async (_what, policy, manifest) => {
    expect(await manifestsUnder(policy).put(manifest)).toBe(digestOf(manifest.payload));
  });

  it.each([
    ['blobs, by default', {}, image],
    ['blobs, though members need not', { manifests: 'none' }, image],
    ['members, by default', {}, sampleIndex([member('arm64')])],
    ['members, though blobs need not', { blobs: 'none' }, sampleIndex([member()])],
    [
      'members of the platforms asked for',
      { manifests: [{ architecture: 'amd64', os: 'linux' }] },
      sampleIndex([member('amd64')]),
    ],
  ] as const)('V-15 must be there: %s', async (_what, policy, manifest) => {
    await expect(manifestsUnder(policy).put(manifest)).rejects.toMatchObject({
      code: 'MANIFEST_BLOB_UNKNOWN',
    });
  });
});
