import { createManifestDecoder, type JsonObject, type Manifest } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { ociFormats } from './format.ts';
import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from './media-types.ts';

const decoder = createManifestDecoder(ociFormats);

const power = {
  mediaType: OCI_IMAGE_MANIFEST,
  digest: 'sha256:e692418e4cbaf90ca69d05a66403747baa33ee08806650b51fab815ad7fc331f',
  size: 7143,
  platform: { architecture: 'ppc64le', os: 'linux' },
};

const intel = {
  mediaType: OCI_IMAGE_MANIFEST,
  digest: 'sha256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270',
  size: 7682,
  platform: { architecture: 'amd64', os: 'linux' },
};

/** The first example of OCI image-spec, image-index.md. */
const example = {
  schemaVersion: 2,
  mediaType: OCI_IMAGE_INDEX,
  manifests: [power, intel],
  annotations: { 'com.example.key1': 'value1', 'com.example.key2': 'value2' },
};

function decode(document: JsonObject): Manifest {
  return decoder.decode(new TextEncoder().encode(JSON.stringify(document)), OCI_IMAGE_INDEX);
}

const { manifests: _manifests, ...withoutManifests } = example;

describe('an OCI image index', () => {
  it('references layers and configs among its members as blobs, as in a build cache of BuildKit', () => {
    const members = [
      ['application/vnd.oci.image.layer.v1.tar+zstd', 'blob', false],
      ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'blob', false],
      ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'blob', true],
      ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'blob', true],
      ['application/vnd.oci.image.config.v1+json', 'blob', false],
      ['application/vnd.docker.container.image.v1+json', 'blob', false],
      ['application/vnd.buildkit.cacheconfig.v0', 'blob', false],
      [OCI_IMAGE_INDEX, 'manifest', false],
      ['application/vnd.docker.distribution.manifest.v2+json', 'manifest', false],
      ['application/vnd.example.unknown', 'manifest', false],
    ] as const;
    const listed = members.map(([mediaType]) => ({ ...intel, mediaType }));
    const { references } = decode({ ...example, manifests: listed });
    expect(references).toEqual(
      members.map(([mediaType, kind, foreign]) => ({
        kind,
        descriptor: { ...intel, mediaType },
        foreign,
      })),
    );
  });

  it('references its members in their order', () => {
    expect(decode(example).references).toEqual([
      { kind: 'manifest', descriptor: power, foreign: false },
      { kind: 'manifest', descriptor: intel, foreign: false },
    ]);
  });

  it('gives its subject, its annotations and its own artifact type', () => {
    const manifest = decode({ ...example, subject: intel, artifactType: 'application/x.y' });
    expect(manifest.subject).toEqual(intel);
    expect(manifest.annotations).toEqual(example.annotations);
    expect(manifest.artifactType).toBe('application/x.y');
    expect(manifest.references).toHaveLength(2);
  });

  it('says nothing of what its document does not have', () => {
    const manifest = decode({ schemaVersion: 2, manifests: [] });
    expect(manifest.subject).toBeUndefined();
    expect(manifest.annotations).toBeUndefined();
    expect(manifest.artifactType).toBeUndefined();
  });
});

describe('an OCI image index is refused when', () => {
  it.each<[requirement: string, document: JsonObject, member: string]>([
    ['V-2 schemaVersion is 1', { ...example, schemaVersion: 1 }, 'schemaVersion'],
    ['V-2 schemaVersion is null', { ...example, schemaVersion: null }, 'schemaVersion'],
    ['V-4 it has a config', { ...example, config: power }, 'config'],
    ['V-4 it has a config without members', { ...example, config: {} }, 'config'],
    ['V-4 it has layers', { ...example, layers: [power] }, 'layers'],
    ['V-4 it has layers without members', { ...example, layers: [] }, 'layers'],
    ['V-6 manifests is an object', { ...example, manifests: {} }, 'manifests'],
    ['V-6 a member is text', { ...example, manifests: [power.digest] }, 'manifests[0].mediaType'],
    [
      'V-7 a digest is malformed',
      { ...example, manifests: [power, { ...intel, digest: 'sha256' }] },
      'manifests[1].digest',
    ],
    [
      'V-9 a platform is text',
      { ...example, manifests: [{ ...power, platform: 'linux/amd64' }] },
      'manifests[0].platform',
    ],
    ['V-10 an annotation is an object', { ...example, annotations: { a: {} } }, 'annotations'],
    ['V-13 artifactType is malformed', { ...example, artifactType: 'a/b c' }, 'artifactType'],
    ['V-14 subject is no descriptor', { ...example, subject: {} }, 'subject.mediaType'],
  ])('%s', (_requirement, document, member) => {
    const refusal = { code: 'MANIFEST_INVALID', detail: { member } };
    expect(() => decode(document)).toThrow(expect.objectContaining(refusal));
  });
});

describe('an OCI image index is accepted when', () => {
  const { platform: _platform, ...withoutPlatform } = power;
  const { mediaType: _mediaType, ...withoutMediaType } = example;

  it.each<[requirement: string, document: JsonObject]>([
    ['V-3 it has no mediaType', withoutMediaType],
    ['V-4 it has members that are not known', { ...example, blobs: [], 'org.example': 1 }],
    ['V-4 config and layers are null', { ...example, config: null, layers: null }],
    ['V-6 it has no manifests, as distribution takes it', withoutManifests],
    ['V-9 a platform is empty', { ...example, manifests: [{ ...power, platform: {} }] }],
    ['V-6 manifests is empty', { ...example, manifests: [] }],
    ['V-6 manifests is null, which Go writes for empty', { ...example, manifests: null }],
    ['V-6 a member has no platform', { ...example, manifests: [withoutPlatform] }],
    [
      'V-9 a platform has keys that are not known',
      { ...example, manifests: [{ ...power, platform: { ...power.platform, libc: 'musl' } }] },
    ],
    [
      'V-14 a subject is no manifest this registry has',
      { ...example, subject: { ...intel, mediaType: 'application/vnd.example' } },
    ],
    [
      'MP-19 a member is an index',
      { ...example, manifests: [{ ...power, mediaType: OCI_IMAGE_INDEX }] },
    ],
  ])('%s', (_requirement, document) => {
    expect(decode(document).mediaType).toBe(OCI_IMAGE_INDEX);
  });
});
