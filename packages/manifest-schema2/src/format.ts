import type { ManifestFormat } from '@purser/core';
import { schema2ManifestListFormat } from './manifest-list.ts';
import { schema2ManifestFormat } from './manifest.ts';

export { schema2ManifestFormat, schema2ManifestListFormat };

/** Both schema 2 formats, for `createManifestDecoder`. */
export const schema2Formats: readonly ManifestFormat[] = [
  schema2ManifestFormat,
  schema2ManifestListFormat,
];
