import { createManifestDecoder, type ManifestDecoder } from '@purser/core';
import { ociFormats } from '@purser/manifest-oci';
import { createSchema1Format, generateSigningKey } from '@purser/manifest-schema1';
import { schema2Formats } from '@purser/manifest-schema2';

/** Reads every form of manifest that a registry may give. Nothing is ever signed with the key that schema 1 asks for. */
export function createImageDecoder(): ManifestDecoder {
  const schema1 = createSchema1Format({ signingKey: generateSigningKey() });
  return createManifestDecoder([...ociFormats, ...schema2Formats, schema1]);
}
