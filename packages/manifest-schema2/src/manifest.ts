import {
  parseImageReferences,
  refuseOtherKind,
  type JsonObject,
  type Manifest,
  type ManifestFormat,
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
  return {
    mediaType: SCHEMA2_MANIFEST,
    payload,
    references: parseImageReferences(document, isForeignLayer),
  };
}
