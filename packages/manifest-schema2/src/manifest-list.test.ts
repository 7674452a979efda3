import { createManifestDecoder, type JsonObject, type Manifest } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { schema2Formats } from './format.ts';
import { SCHEMA2_MANIFEST, SCHEMA2_MANIFEST_LIST } from './media-types.ts';

const decoder = createManifestDecoder(schema2Formats);

const power = {
  mediaType: SCHEMA2_MANIFEST,
  digest: 'sha256:e692418e4cbaf90ca69d05a66403747baa33ee08806650b51fab815ad7fc331f',
  size: 7143,
  platform: { architecture: 'ppc64le', os: 'linux' },
};

const intel = {
  mediaType: SCHEMA2_MANIFEST,
  digest: 'sha256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270',
  size: 7682,
  platform: { architecture: 'amd64', os: 'linux', features: ['sse4'] },
};

/** The example of Docker's specification. */
const example = {
  schemaVersion: 2,
  mediaType: SCHEMA2_MANIFEST_LIST,
  manifests: [power, intel],
};

function decode(document: JsonObject): Manifest {
  return decoder.decode(new TextEncoder().encode(JSON.stringify(document)), SCHEMA2_MANIFEST_LIST);
}

const { manifests: _manifests, ...withoutManifests } = example;

describe('a manifest list', () => {
  it('references its members in their order, with all they say of their platforms', () => {
    expect(decode(example).references).toEqual([
      { kind: 'manifest', descriptor: power, foreign: false },
      { kind: 'manifest', descriptor: intel, foreign: false },
    ]);
  });

  it('takes a member of any media type for a manifest', () => {
    const manifests = [{ ...power, mediaType: 'application/vnd.example.unknown' }];
    expect(decode({ ...example, manifests }).references[0]?.kind).toBe('manifest');
  });
});

describe('a manifest list is refused when', () => {
  const { mediaType: _mediaType, ...withoutMediaType } = example;

  it.each<[requirement: string, document: JsonObject, member: string]>([
    ['V-2 schemaVersion is 1', { ...example, schemaVersion: 1 }, 'schemaVersion'],
    ['V-3 it has no mediaType', withoutMediaType, 'mediaType'],
    ['V-3 mediaType is empty', { ...example, mediaType: '' }, 'mediaType'],
    ['V-4 it has a config', { ...example, config: {} }, 'config'],
    ['V-4 it has layers', { ...example, layers: [] }, 'layers'],
    ['V-6 manifests is an object', { ...example, manifests: { power } }, 'manifests'],
  ])('%s', (_requirement, document, member) => {
    const refusal = { code: 'MANIFEST_INVALID', detail: { member } };
    expect(() => decode(document)).toThrow(expect.objectContaining(refusal));
  });
});

describe('a manifest list is accepted when', () => {
  const { platform: _platform, ...withoutPlatform } = power;

  it.each<[requirement: string, document: JsonObject]>([
    ['V-4 config and layers are null', { ...example, config: null, layers: null }],
    ['V-6 it has no manifests, as distribution takes it', withoutManifests],
    ['V-7 a member has no size', { ...example, manifests: [{ digest: power.digest }] }],
    [
      'V-9 a platform lacks its os',
      { ...example, manifests: [power, { ...intel, platform: { architecture: 'amd64' } }] },
    ],
    ['V-6 manifests is empty', { ...example, manifests: [] }],
    ['V-6 manifests is null, which Go writes for empty', { ...example, manifests: null }],
    ['V-6 a member has no platform', { ...example, manifests: [withoutPlatform] }],
    [
      'V-9 a platform is empty, which Go writes for none',
      { ...example, manifests: [{ ...power, platform: { architecture: '', os: '' } }] },
    ],
    [
      'MP-19 a member is a manifest list',
      { ...example, manifests: [{ ...power, mediaType: SCHEMA2_MANIFEST_LIST }] },
    ],
  ])('%s', (_requirement, document) => {
    expect(decode(document).mediaType).toBe(SCHEMA2_MANIFEST_LIST);
  });
});
