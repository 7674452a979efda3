import {
  parseIndexReferences,
  refuseOtherKind,
  type JsonObject,
  type Manifest,
  type ManifestFormat,
} from '@purser/core';
import { checkKind } from './document.ts';
import { SCHEMA2_MANIFEST_LIST } from './media-types.ts';

/** @see Docker's "Image Manifest Version 2, Schema 2", "Manifest List". */
export const schema2ManifestListFormat: ManifestFormat = {
  mediaType: SCHEMA2_MANIFEST_LIST,
  // A document without a media type is none of schema 2.
  recognizes: () => false,
  decode: decodeManifestList,
};

function decodeManifestList(payload: Uint8Array, document: JsonObject): Manifest {
  checkKind(document, SCHEMA2_MANIFEST_LIST);
  refuseOtherKind(document, /^(?:config|layers)$/iu);
  return {
    mediaType: SCHEMA2_MANIFEST_LIST,
    payload,
    references: parseIndexReferences(document),
  };
}
