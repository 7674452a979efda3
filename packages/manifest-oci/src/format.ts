import type { ManifestFormat } from '@purser/core';
import { ociImageIndexFormat } from './image-index.ts';
import { ociImageManifestFormat } from './image-manifest.ts';

export { ociImageIndexFormat, ociImageManifestFormat };

/** Both OCI formats, for `createManifestDecoder`. */
export const ociFormats: readonly ManifestFormat[] = [ociImageManifestFormat, ociImageIndexFormat];
