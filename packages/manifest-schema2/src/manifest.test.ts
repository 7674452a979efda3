import { createManifestDecoder, type JsonObject, type Manifest } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { schema2Formats } from './format.ts';
import { SCHEMA2_FOREIGN_LAYER, SCHEMA2_MANIFEST } from './media-types.ts';

const decoder = createManifestDecoder(schema2Formats);

const config = {
  mediaType: 'application/vnd.docker.container.image.v1+json',
  digest: 'sha256:b5b2b2c507a0944348e0303114d8d93aaaa081732b86451d9bce1f432a537bc7',
  size: 7023,
};

const layer = {
  mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  digest: 'sha256:e692418e4cbaf90ca69d05a66403747baa33ee08806650b51fab815ad7fc331f',
  size: 32654,
};

/** The example of Docker's specification, with fewer layers. */
const example = { schemaVersion: 2, mediaType: SCHEMA2_MANIFEST, config, layers: [layer] };

function decode(document: JsonObject): Manifest {
  return decoder.decode(new TextEncoder().encode(JSON.stringify(document)), SCHEMA2_MANIFEST);
}

const { layers: _layers, ...withoutLayers } = example;

describe('a schema 2 manifest', () => {
  it('references its config, then its layers in their order', () => {
    const second = { ...layer, size: 1 };
    expect(decode({ ...example, layers: [layer, second] }).references).toEqual([
      { kind: 'blob', descriptor: config, foreign: false },
      { kind: 'blob', descriptor: layer, foreign: false },
      { kind: 'blob', descriptor: second, foreign: false },
    ]);
  });

  it('keeps the bytes it was decoded from', () => {
    const payload = new TextEncoder().encode(JSON.stringify(example, null, 3));
    expect(decoder.decode(payload, SCHEMA2_MANIFEST)).toMatchObject({
      mediaType: SCHEMA2_MANIFEST,
      payload,
    });
  });

  it.each([
    SCHEMA2_FOREIGN_LAYER,
    'application/vnd.oci.image.layer.nondistributable.v1.tar',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  ])('MP-10 marks a layer of type %s as foreign, with and without urls', (mediaType) => {
    const foreign = { ...layer, mediaType };
    const layers = [layer, foreign, { ...foreign, urls: ['https://elsewhere.example/layer'] }];
    const { references } = decode({ ...example, layers });
    expect(references.map((reference) => reference.foreign)).toEqual([false, false, true, true]);
  });

  it('does not mark a layer of its own with urls, nor a config, as foreign', () => {
    const { references } = decode({
      ...example,
      config: { ...config, mediaType: SCHEMA2_FOREIGN_LAYER },
      layers: [{ ...layer, urls: ['https://elsewhere.example/layer'] }],
    });
    expect(references.map((reference) => reference.foreign)).toEqual([false, false]);
  });

  it('leaves alone what only OCI manifests say about themselves', () => {
    const manifest = decode({ ...example, subject: 1, artifactType: 2, annotations: 3 });
    expect(Object.keys(manifest)).toEqual(['mediaType', 'payload', 'references']);
  });
});

describe('a schema 2 manifest is refused when', () => {
  const { mediaType: _mediaType, ...withoutMediaType } = example;
  const { config: _config, ...withoutConfig } = example;

  it.each<[requirement: string, document: JsonObject, member: string]>([
    ['V-2 schemaVersion is 1', { ...example, schemaVersion: 1 }, 'schemaVersion'],
    ['V-2 schemaVersion is the text 2', { ...example, schemaVersion: '2' }, 'schemaVersion'],
    ['V-3 it has no mediaType', withoutMediaType, 'mediaType'],
    ['V-3 mediaType is empty', { ...example, mediaType: '' }, 'mediaType'],
    ['V-3 mediaType is null', { ...example, mediaType: null }, 'mediaType'],
    ['V-4 it has manifests', { ...example, manifests: [] }, 'manifests'],
    ['V-5 it has no config', withoutConfig, 'config.mediaType'],
    ['V-5 layers is text', { ...example, layers: 'none' }, 'layers'],
    [
      'V-7 a layer has no digest',
      { ...example, layers: [{ mediaType: layer.mediaType, size: 1 }] },
      'layers[0].digest',
    ],
    [
      'V-7 the digest of the config is malformed',
      { ...example, config: { ...config, digest: 'b5b2b2c507a0' } },
      'config.digest',
    ],
    [
      'V-8 a size is not exact as a number',
      { ...example, layers: [layer, { ...layer, size: 2 ** 63 }] },
      'layers[1].size',
    ],
    ['V-11 urls is text', { ...example, layers: [{ ...layer, urls: 'x' }] }, 'layers[0].urls'],
  ])('%s', (_requirement, document, member) => {
    const message = expect.stringContaining(member.split('.')[0]!);
    const refusal = { code: 'MANIFEST_INVALID', detail: { member }, message };
    expect(() => decode(document)).toThrow(expect.objectContaining(refusal));
  });

  it('V-3 its mediaType is that of another format', () => {
    const other = 'application/vnd.oci.image.manifest.v1+json';
    const refusal = { code: 'MANIFEST_INVALID', message: expect.stringContaining(other) };
    expect(() => decode({ ...example, mediaType: other })).toThrow(
      expect.objectContaining(refusal),
    );
  });
});

describe('a schema 2 manifest is accepted when', () => {
  it.each<[requirement: string, document: JsonObject]>([
    ['V-4 it has members that are not known', { ...example, history: [], 'org.example': {} }],
    ['V-4 manifests is null, which Go writes for nothing', { ...example, manifests: null }],
    ['V-5 it has no layers, as distribution takes it', withoutLayers],
    [
      'V-7 an empty config has no size, as distribution writes it',
      { ...example, config: { ...example.config, size: undefined } },
    ],
    ['V-5 layers is empty', { ...example, layers: [] }],
    ['V-5 layers is null, which Go writes for empty', { ...example, layers: null }],
    [
      'V-7 its config is that of a plugin',
      { ...example, config: { ...config, mediaType: 'application/vnd.docker.plugin.v1+json' } },
    ],
    ['V-7 a layer has any media type', { ...example, layers: [{ ...layer, mediaType: 'a/b' }] }],
    [
      'V-8 a size is the largest exact number',
      { ...example, layers: [{ ...layer, size: Number.MAX_SAFE_INTEGER }] },
    ],
  ])('%s', (_requirement, document) => {
    expect(decode(document).mediaType).toBe(SCHEMA2_MANIFEST);
  });
});
