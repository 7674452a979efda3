import {
  isPresent,
  parseIndexReferences,
  refuseOtherKind,
  type JsonObject,
  type Manifest,
  type ManifestFormat,
} from '@purser/core';
import { checkSchemaVersion, parseRelations } from './document.ts';
import { OCI_IMAGE_INDEX } from './media-types.ts';

/** @see OCI image-spec, image-index.md. */
export const ociImageIndexFormat: ManifestFormat = {
  mediaType: OCI_IMAGE_INDEX,

  recognizes(document) {
    const isImage = isPresent(document['config']) || isPresent(document['layers']);
    return isPresent(document['manifests']) && !isImage;
  },

  decode: decodeImageIndex,
};

function decodeImageIndex(payload: Uint8Array, document: JsonObject): Manifest {
  checkSchemaVersion(document);
  refuseOtherKind(document, /^(?:config|layers)$/iu);
  return {
    mediaType: OCI_IMAGE_INDEX,
    payload,
    references: parseIndexReferences(document),
    ...parseRelations(document),
  };
}
