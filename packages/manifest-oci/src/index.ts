/**
 * OCI image manifests and indexes: decoded, validated and built.
 *
 * ```ts
 * import { createManifestDecoder } from '@purser/core';
 * import { OCI_IMAGE_INDEX, ociFormats } from '@purser/manifest-oci';
 *
 * const payload = new TextEncoder().encode('{ "schemaVersion": 2, "manifests": [] }');
 * createManifestDecoder(ociFormats).decode(payload, OCI_IMAGE_INDEX).references; // []
 * ```
 *
 * @packageDocumentation
 */
export {
  createOciImageBuilder,
  createOciIndexBuilder,
  type OciImageBuilderOptions,
  type OciIndexBuilderOptions,
  type OciRelations,
} from './build.ts';
export { ociFormats, ociImageIndexFormat, ociImageManifestFormat } from './format.ts';
export {
  isNonDistributable,
  OCI_EMPTY,
  OCI_IMAGE_CONFIG,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
} from './media-types.ts';
