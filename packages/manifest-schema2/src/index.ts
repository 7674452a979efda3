/**
 * Docker schema 2 image manifests and manifest lists: decoded, validated and built.
 *
 * ```ts
 * import { createManifestDecoder } from '@purser/core';
 * import { schema2Formats } from '@purser/manifest-schema2';
 *
 * createManifestDecoder(schema2Formats).mediaTypes; // the manifest, the manifest list
 * ```
 *
 * @packageDocumentation
 */
export {
  createManifestListBuilder,
  createSchema2Builder,
  type Schema2BuilderOptions,
} from './build.ts';
export type { ManifestListPlatform } from './encode-list-entry.ts';
export { schema2Formats, schema2ManifestFormat, schema2ManifestListFormat } from './format.ts';
export { manifestListConverter } from './list-converter.ts';
export {
  isForeignLayer,
  SCHEMA2_FOREIGN_LAYER,
  SCHEMA2_IMAGE_CONFIG,
  SCHEMA2_LAYER,
  SCHEMA2_MANIFEST,
  SCHEMA2_MANIFEST_LIST,
  SCHEMA2_PLUGIN_CONFIG,
  SCHEMA2_UNCOMPRESSED_LAYER,
} from './media-types.ts';
