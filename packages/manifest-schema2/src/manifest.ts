import {
  parseDescriptor,
  parseDescriptorList,
  refuseOtherKind,
  type JsonObject,
  type Manifest,
  type ManifestFormat,
  type ManifestReference,
} from '@purser/core';
import { checkKind } from './document.ts';
import { isForeignLayer, SCHEMA2_MANIFEST } from './media-types.ts';

/** @see Docker's "Image Manifest Version 2, Schema 2". */
export const schema2ManifestFormat: ManifestFormat = {
  mediaType: SCHEMA2_MANIFEST,
  // A document without a media type is none of schema 2.
  recognizes: () => false,
  decode: decodeManifest,
};

function decodeManifest(payload: Uint8Array, document: JsonObject): Manifest {
  checkKind(document, SCHEMA2_MANIFEST);
  refuseOtherKind(document, /^manifests$/iu);
  const config = parseDescriptor(document['config'], 'config');
  const layers = parseDescriptorList(document, 'layers');
  return {
    mediaType: SCHEMA2_MANIFEST,
    payload,
    references: [
      { kind: 'blob', descriptor: config, foreign: false },
      ...layers.map((descriptor): ManifestReference => ({
        kind: 'blob',
        descriptor,
        foreign: isForeignLayer(descriptor.mediaType),
      })),
    ],
  };
}
