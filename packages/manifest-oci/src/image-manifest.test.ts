import { createManifestDecoder, type JsonObject, type Manifest } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { ociFormats } from './format.ts';
import { OCI_IMAGE_MANIFEST } from './media-types.ts';

const decoder = createManifestDecoder(ociFormats);

const EMPTY_DIGEST = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

const config = {
  mediaType: 'application/vnd.oci.image.config.v1+json',
  digest: 'sha256:b5b2b2c507a0944348e0303114d8d93aaaa081732b86451d9bce1f432a537bc7',
  size: 7023,
};

const layer = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: 'sha256:9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0',
  size: 32654,
};

/** The first example of OCI image-spec, manifest.md, with fewer layers. */
const example = {
  schemaVersion: 2,
  mediaType: OCI_IMAGE_MANIFEST,
  config,
  layers: [layer],
  subject: {
    mediaType: OCI_IMAGE_MANIFEST,
    digest: 'sha256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270',
    size: 7682,
  },
  annotations: { 'com.example.key1': 'value1', 'com.example.key2': 'value2' },
};

function decode(document: JsonObject): Manifest {
  return decoder.decode(new TextEncoder().encode(JSON.stringify(document)), OCI_IMAGE_MANIFEST);
}

const { layers: _layers, ...withoutLayers } = example;

describe('an OCI image manifest', () => {
  it('references its config, then its layers in their order', () => {
    const second = { ...layer, size: 1 };
    expect(decode({ ...example, layers: [layer, second] }).references).toEqual([
      { kind: 'blob', descriptor: config, foreign: false },
      { kind: 'blob', descriptor: layer, foreign: false },
      { kind: 'blob', descriptor: second, foreign: false },
    ]);
  });

  it('keeps the bytes it was decoded from', () => {
    const payload = new TextEncoder().encode(`\n\t${JSON.stringify(example, null, 7)} `);
    const manifest = decoder.decode(payload, `${OCI_IMAGE_MANIFEST}; charset=utf-8`);
    expect(manifest.payload).toBe(payload);
    expect(manifest.mediaType).toBe(OCI_IMAGE_MANIFEST);
  });

  it('gives its subject apart from its references', () => {
    const manifest = decode(example);
    expect(manifest.subject).toEqual(example.subject);
    expect(manifest.references.map(({ descriptor }) => descriptor)).not.toContainEqual(
      example.subject,
    );
  });

  it('gives its annotations and its own artifact type', () => {
    const manifest = decode({ ...example, artifactType: 'application/vnd.example+type' });
    expect(manifest.annotations).toEqual(example.annotations);
    expect(manifest.artifactType).toBe('application/vnd.example+type');
  });

  it('R-5 takes the media type of the config for an artifact type when it has none', () => {
    const artifact = { ...example, config: { ...config, mediaType: 'application/vnd.example' } };
    expect(decode(artifact).artifactType).toBe('application/vnd.example');
  });

  it.each([
    'application/vnd.oci.image.layer.nondistributable.v1.tar',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ])('MP-10 marks a layer of type %s as foreign, with and without urls', (mediaType) => {
    const foreign = { ...layer, mediaType };
    const layers = [layer, foreign, { ...foreign, urls: ['https://elsewhere.example/layer'] }];
    const { references } = decode({ ...example, layers });
    expect(references.map((reference) => reference.foreign)).toEqual([false, false, true, true]);
  });

  it('does not mark a distributable layer with urls, nor a config, as foreign', () => {
    const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar';
    const { references } = decode({
      ...example,
      config: { ...config, mediaType },
      layers: [{ ...layer, urls: ['https://elsewhere.example/layer'] }],
    });
    expect(references.map((reference) => reference.foreign)).toEqual([false, false]);
  });
});

describe('an OCI image manifest is refused when', () => {
  const { config: _config, ...withoutConfig } = example;
  const { schemaVersion: _version, ...withoutVersion } = example;

  it.each<[requirement: string, document: JsonObject, member: string]>([
    ['V-2 schemaVersion is absent', withoutVersion, 'schemaVersion'],
    ['V-2 schemaVersion is 1', { ...example, schemaVersion: 1 }, 'schemaVersion'],
    ['V-2 schemaVersion is 3', { ...example, schemaVersion: 3 }, 'schemaVersion'],
    ['V-2 schemaVersion is the text 2', { ...example, schemaVersion: '2' }, 'schemaVersion'],
    ['V-4 it has manifests', { ...example, manifests: [layer] }, 'manifests'],
    ['V-4 it has manifests without members', { ...example, manifests: [] }, 'manifests'],
    ['V-4 it has manifests that are no list', { ...example, manifests: false }, 'manifests'],
    ['V-5 it has no config', withoutConfig, 'config.mediaType'],
    ['V-5 config is null', { ...example, config: null }, 'config.mediaType'],
    ['V-5 config is a list', { ...example, config: [config] }, 'config.mediaType'],
    ['V-5 layers is an object', { ...example, layers: { 0: layer } }, 'layers'],
    ['V-5 a layer is null', { ...example, layers: [layer, null] }, 'layers[1].mediaType'],
    [
      'V-7 a media type has no subtype',
      { ...example, layers: [{ ...layer, mediaType: 'text' }] },
      'layers[0].mediaType',
    ],
    [
      'V-7 a media type has parameters',
      { ...example, config: { ...config, mediaType: 'text/plain; charset=utf-8' } },
      'config.mediaType',
    ],
    [
      'V-7 a digest has upper-case hex digits',
      { ...example, config: { ...config, digest: config.digest.toUpperCase() } },
      'config.digest',
    ],
    [
      'V-7 a digest is too short for its algorithm',
      { ...example, config: { ...config, digest: config.digest.slice(0, -1) } },
      'config.digest',
    ],
    ['V-7 a size is negative', { ...example, layers: [{ ...layer, size: -1 }] }, 'layers[0].size'],
    [
      'V-7 a size has a fraction',
      { ...example, layers: [{ ...layer, size: 0.5 }] },
      'layers[0].size',
    ],
    ['V-7 a size is text', { ...example, layers: [{ ...layer, size: '32654' }] }, 'layers[0].size'],
    [
      'V-8 a size is not exact as a number',
      { ...example, layers: [{ ...layer, size: 2 ** 53 }] },
      'layers[0].size',
    ],
    ['V-10 annotations is a list', { ...example, annotations: ['a'] }, 'annotations'],
    ['V-10 an annotation is a number', { ...example, annotations: { a: 1 } }, 'annotations'],
    ['V-10 an annotation is null', { ...example, annotations: { a: null } }, 'annotations'],
    [
      'V-10 an annotation of a layer is a number',
      { ...example, layers: [{ ...layer, annotations: { a: 1 } }] },
      'layers[0].annotations',
    ],
    [
      'V-11 urls is text',
      { ...example, layers: [{ ...layer, urls: 'https://elsewhere.example' }] },
      'layers[0].urls',
    ],
    [
      'V-11 a url is no URI',
      { ...example, layers: [{ ...layer, urls: ['elsewhere'] }] },
      'layers[0].urls',
    ],
    ['V-12 data is not base64', { ...example, config: { ...config, data: '{}' } }, 'config.data'],
    ['V-12 data is a number', { ...example, config: { ...config, data: 1 } }, 'config.data'],
    ['V-13 artifactType has no subtype', { ...example, artifactType: 'sbom' }, 'artifactType'],
    ['V-13 artifactType is a number', { ...example, artifactType: 5 }, 'artifactType'],
    ['V-14 subject is text', { ...example, subject: config.digest }, 'subject.mediaType'],
    [
      'V-14 subject has no size',
      { ...example, subject: { mediaType: config.mediaType, digest: config.digest } },
      'subject.size',
    ],
  ])('%s', (_requirement, document, member) => {
    const message = expect.stringContaining(member.split('.')[0]!);
    const refusal = { code: 'MANIFEST_INVALID', detail: { member }, message };
    expect(() => decode(document)).toThrow(expect.objectContaining(refusal));
  });
});

describe('an OCI image manifest is accepted when', () => {
  const { mediaType: _mediaType, ...withoutMediaType } = example;
  const empty = {
    mediaType: 'application/vnd.oci.empty.v1+json',
    digest: EMPTY_DIGEST,
    size: 2,
    data: 'e30=',
  };

  it.each<[requirement: string, document: JsonObject]>([
    ['V-3 it has no mediaType', withoutMediaType],
    ['V-4 it has members that are not known', { ...example, 'org.example': { manifests: [] } }],
    ['V-4 manifests is null, which Go writes for nothing', { ...example, manifests: null }],
    ['V-4 a config has members that are not known', { ...example, config: { ...config, x: [1] } }],
    ['V-5 it has no layers, as distribution takes it', withoutLayers],
    ['V-5 layers is empty', { ...example, layers: [] }],
    ['V-5 layers is null, which Go writes for empty', { ...example, layers: null }],
    [
      'V-7 a digest has an algorithm that is not known',
      {
        ...example,
        layers: [
          { ...layer, digest: 'multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8' },
        ],
      },
    ],
    ['V-7 a layer has any media type', { ...example, layers: [{ ...layer, mediaType: 'a/b' }] }],
    [
      'V-7 a size of 0 is left out, as distribution writes it',
      { ...example, layers: [{ ...layer, size: undefined }] },
    ],
    ['V-7 a media type is left out', { ...example, layers: [{ ...layer, mediaType: undefined }] }],
    [
      'V-9 a platform lacks its os',
      { ...example, config: { ...config, platform: { architecture: 'amd64' } } },
    ],
    ['V-7 a size is 0', { ...example, layers: [{ ...layer, size: 0 }] }],
    [
      'V-8 a size is the largest exact number',
      { ...example, layers: [{ ...layer, size: Number.MAX_SAFE_INTEGER }] },
    ],
    [
      'V-9 a platform has keys that are not known',
      { ...example, config: { ...config, platform: { architecture: '', os: '', shoe: 42 } } },
    ],
    ['V-10 an annotation is empty', { ...example, annotations: { '': '' } }],
    ['V-10 annotations is null', { ...example, annotations: null }],
    ['V-10 annotations are 3.9 MB', { ...example, annotations: { a: 'x'.repeat(3_900_000) } }],
    [
      'V-11 urls lead to foreign hosts',
      { ...example, layers: [{ ...layer, urls: ['https://elsewhere.example/', 'ftp://f/'] }] },
    ],
    ['V-12 descriptors carry data', { ...example, config: empty, layers: [empty] }],
    ['V-13 an artifact with an empty config has no artifactType', { ...example, config: empty }],
    ['V-13 artifactType is not registered', { ...example, artifactType: 'x/y' }],
    ['V-13 artifactType is null', { ...example, artifactType: null }],
    ['V-13 artifactType is empty', { ...example, artifactType: '' }],
    ['V-14 subject is null', { ...example, subject: null }],
    ['the config and the layers are one blob', { ...example, config, layers: [config, config] }],
  ])('%s', (_requirement, document) => {
    expect(decode(document).mediaType).toBe(OCI_IMAGE_MANIFEST);
  });
});
