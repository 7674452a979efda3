import {
  isPresent,
  parseImageReferences,
  refuseOtherKind,
  type JsonObject,
  type Manifest,
  type ManifestFormat,
} from '@purser/core';
import { checkSchemaVersion, parseRelations } from './document.ts';
import { isNonDistributable, OCI_IMAGE_MANIFEST } from './media-types.ts';

/** @see OCI image-spec, manifest.md. */
export const ociImageManifestFormat: ManifestFormat = {
  mediaType: OCI_IMAGE_MANIFEST,

  recognizes(document) {
    const isImage = isPresent(document['config']) || isPresent(document['layers']);
    return isImage && !isPresent(document['manifests']);
  },

  decode: decodeImageManifest,
};

function decodeImageManifest(payload: Uint8Array, document: JsonObject): Manifest {
  checkSchemaVersion(document);
  refuseOtherKind(document, /^manifests$/iu);
  const references = parseImageReferences(document, isNonDistributable);
  const relations = parseRelations(document);
  return {
    mediaType: OCI_IMAGE_MANIFEST,
    payload,
    references,
    ...relations,
    artifactType: relations.artifactType ?? references[0].descriptor.mediaType,
  };
}
