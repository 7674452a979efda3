import { createManifestDecoder, type JsonObject } from '@purser/core';
import { describe, expect, it } from 'vitest';
import { schema2Formats, schema2ManifestFormat, schema2ManifestListFormat } from './format.ts';
import { SCHEMA2_MANIFEST, SCHEMA2_MANIFEST_LIST } from './media-types.ts';

const decoder = createManifestDecoder(schema2Formats);

const blob = {
  mediaType: 'application/octet-stream',
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
};
const image = { schemaVersion: 2, config: blob, layers: [blob] };
const list = { schemaVersion: 2, manifests: [blob] };

function encoded(document: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

const INVALID = expect.objectContaining({ code: 'MANIFEST_INVALID' });

describe('the schema 2 formats', () => {
  it('are the manifest and the manifest list', () => {
    expect(schema2Formats).toEqual([schema2ManifestFormat, schema2ManifestListFormat]);
    expect(decoder.mediaTypes).toEqual([SCHEMA2_MANIFEST, SCHEMA2_MANIFEST_LIST]);
  });

  it.each([
    [{ ...image, mediaType: SCHEMA2_MANIFEST }, SCHEMA2_MANIFEST],
    [{ ...list, mediaType: SCHEMA2_MANIFEST_LIST }, SCHEMA2_MANIFEST_LIST],
  ])('read a stored document by its mediaType', (document, expected) => {
    expect(decoder.decodeStored(encoded(document)).mediaType).toBe(expected);
  });

  it.each([
    ['a manifest', image],
    ['a manifest list', list],
    ['a document of schema 1', { schemaVersion: 1, fsLayers: [], signatures: [] }],
  ])('do not recognise %s without a mediaType', (_kind, document) => {
    expect(schema2Formats.some((format) => format.recognizes(document))).toBe(false);
    expect(() => decoder.decodeStored(encoded(document))).toThrow(INVALID);
  });

  it('V-18 refuse what is sent as schema 1', () => {
    const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    const document = encoded({ ...image, mediaType: type });
    expect(() => decoder.decode(document, type)).toThrow(INVALID);
  });
});

describe('CVE-2021-41190: one document, two readings', () => {
  it.each([
    ['a manifest as a list', { ...image, mediaType: SCHEMA2_MANIFEST }, SCHEMA2_MANIFEST_LIST],
    ['a list as a manifest', { ...list, mediaType: SCHEMA2_MANIFEST_LIST }, SCHEMA2_MANIFEST],
  ])('refuses %s', (_kind, document, sentAs) => {
    expect(() => decoder.decode(encoded(document), sentAs)).toThrow(INVALID);
  });

  it.each([SCHEMA2_MANIFEST, SCHEMA2_MANIFEST_LIST])('refuses what is both, as %s', (mediaType) => {
    const document = encoded({ ...image, ...list, mediaType });
    expect(() => decoder.decode(document, mediaType)).toThrow(INVALID);
  });

  // Go's decoder takes each of these for the real name: it ignores case, and ſ is an old s.
  it.each([
    ['Manifests', image, SCHEMA2_MANIFEST],
    ['manifestſ', image, SCHEMA2_MANIFEST],
    ['CONFIG', list, SCHEMA2_MANIFEST_LIST],
    ['Layers', list, SCHEMA2_MANIFEST_LIST],
  ])('refuses %s where it does not belong', (name, document, mediaType) => {
    const payload = encoded({ ...document, mediaType, [name]: [blob] });
    expect(() => decoder.decode(payload, mediaType)).toThrow(INVALID);
  });
});
