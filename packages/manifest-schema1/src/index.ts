/**
 * Docker schema 1 manifests: read, verified, signed, built and converted from schema 2.
 *
 * ```ts
 * import { createManifestDecoder } from '@purser/core';
 * import { createSchema1Format, generateSigningKey } from '@purser/manifest-schema1';
 *
 * const format = createSchema1Format({ signingKey: generateSigningKey() });
 * createManifestDecoder([format]).mediaTypes; // application/vnd.docker.distribution.manifest.v1+prettyjws
 * ```
 *
 * @packageDocumentation
 */
export {
  createSchema1Builder,
  type Schema1Builder,
  type Schema1BuilderOptions,
  type Schema1Naming,
} from './build.ts';
export { createSchema1Converter } from './converter.ts';
export { EMPTY_LAYER, EMPTY_LAYER_DIGEST } from './empty-layer.ts';
export { createSchema1Format, refuseSchema1, type Schema1FormatOptions } from './format.ts';
export { convertImage, type ConvertImageOptions } from './from-image.ts';
export type { PublicKey } from './key.ts';
export { keyIdOf } from './key-id.ts';
export { SCHEMA1_LAYER, SCHEMA1_MANIFEST, SCHEMA1_SIGNED_MANIFEST } from './media-types.ts';
export type { Signer } from './signing.ts';
export { generateSigningKey, loadSigningKey, type SigningKey } from './signing-key.ts';
