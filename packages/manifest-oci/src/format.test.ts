import { createManifestDecoder, type JsonObject } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { ociFormats, ociImageIndexFormat, ociImageManifestFormat } from './format.ts';
import { OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from './media-types.ts';

const decoder = createManifestDecoder(ociFormats);

const blob = {
  mediaType: 'application/octet-stream',
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
};
const image = { schemaVersion: 2, config: blob, layers: [blob] };
const index = { schemaVersion: 2, manifests: [blob] };

function encoded(document: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

const INVALID = expect.objectContaining({ code: 'MANIFEST_INVALID' });

describe('the OCI formats', () => {
  it('are the image manifest and the image index', () => {
    expect(ociFormats).toEqual([ociImageManifestFormat, ociImageIndexFormat]);
    expect(decoder.mediaTypes).toEqual([OCI_IMAGE_MANIFEST, OCI_IMAGE_INDEX]);
  });

  it.each([
    ['an image', { ...image, mediaType: OCI_IMAGE_INDEX }, OCI_IMAGE_MANIFEST],
    ['an index', { ...index, mediaType: OCI_IMAGE_MANIFEST }, OCI_IMAGE_INDEX],
    ['an image', { ...image, mediaType: 'application/json' }, OCI_IMAGE_MANIFEST],
    ['an image', { ...image, mediaType: 2 }, OCI_IMAGE_MANIFEST],
  ])('V-3 refuse %s whose mediaType is not what it was sent as', (_kind, document, sentAs) => {
    expect(() => decoder.decode(encoded(document), sentAs)).toThrow(INVALID);
  });

  it.each([
    ['Docker schema 1', 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
    ['plain JSON', 'application/json'],
    ['nothing', undefined],
  ])('V-18 refuse what is sent as %s', (_name, sentAs) => {
    expect(() => decoder.decode(encoded(image), sentAs)).toThrow(INVALID);
  });

  it.each([
    ['an image by its mediaType', { ...image, mediaType: OCI_IMAGE_MANIFEST }, OCI_IMAGE_MANIFEST],
    ['an index by its mediaType', { ...index, mediaType: OCI_IMAGE_INDEX }, OCI_IMAGE_INDEX],
    ['an image by its config and layers', image, OCI_IMAGE_MANIFEST],
    ['an image whose mediaType is empty', { ...image, mediaType: '' }, OCI_IMAGE_MANIFEST],
    ['an image whose manifests is null', { ...image, manifests: null }, OCI_IMAGE_MANIFEST],
    ['an image whose layers is null', { ...image, layers: null }, OCI_IMAGE_MANIFEST],
    ['an index by its manifests', index, OCI_IMAGE_INDEX],
    ['an index without members', { ...index, manifests: [] }, OCI_IMAGE_INDEX],
    ['an index whose config is null', { ...index, config: null, layers: null }, OCI_IMAGE_INDEX],
  ])('recognise a stored document as %s', (_name, document, expected) => {
    expect(decoder.decodeStored(encoded(document)).mediaType).toBe(expected);
  });

  it.each([
    ['Docker schema 1', { schemaVersion: 1, name: 'a/b', fsLayers: [], signatures: [] }],
    ['no shape', { schemaVersion: 2 }],
    ['both shapes', { ...image, ...index }],
  ])('do not recognise a stored document of %s', (_name, document) => {
    expect(() => decoder.decodeStored(encoded(document))).toThrow(INVALID);
    expect(ociFormats.some((format) => format.recognizes(document))).toBe(false);
  });
});

describe('CVE-2021-41190: one document, two readings', () => {
  const ambiguous = { ...image, ...index };

  it.each([OCI_IMAGE_MANIFEST, OCI_IMAGE_INDEX])(
    'refuses a document that is both, as %s',
    (type) => {
      expect(() => decoder.decode(encoded(ambiguous), type)).toThrow(INVALID);
      expect(() => decoder.decode(encoded({ ...ambiguous, mediaType: type }), type)).toThrow(
        INVALID,
      );
    },
  );

  it.each([
    { config: blob, manifests: [blob] },
    { layers: [], manifests: [] },
    { layers: [blob], manifests: [blob] },
    { config: {}, layers: [], manifests: {} },
  ])('accepts %j under no media type', (members) => {
    const document = encoded({ schemaVersion: 2, ...members });
    for (const type of decoder.mediaTypes) {
      expect(() => decoder.decode(document, type)).toThrow(INVALID);
    }
  });

  // Go's decoder takes each of these for the real name: it ignores case, and ſ is an old s.
  it.each(['Manifests', 'MANIFESTS', 'manifestſ'])('refuses an image with %s', (name) => {
    const document = encoded({ ...image, [name]: [blob] });
    expect(() => decoder.decode(document, OCI_IMAGE_MANIFEST)).toThrow(INVALID);
  });

  it.each(['Config', 'LAYERS', 'layerſ'])('refuses an index with %s', (name) => {
    const document = encoded({ ...index, [name]: [blob] });
    expect(() => decoder.decode(document, OCI_IMAGE_INDEX)).toThrow(INVALID);
  });

  it('V-1 refuses a document that names a member twice', () => {
    const payload = `{"schemaVersion":2,"manifests":[],"mani\\u0066ests":[]}`;
    expect(() => decoder.decode(new TextEncoder().encode(payload), OCI_IMAGE_INDEX)).toThrow(
      INVALID,
    );
  });
});
