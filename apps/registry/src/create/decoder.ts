import { createManifestDecoder, type ManifestDecoder } from '@purser/core';
import { ociFormats } from '@purser/manifest-oci';
import { schema2Formats } from '@purser/manifest-schema2';

/** Every manifest format that the server takes and gives. */
export function createDecoder(): ManifestDecoder {
  return createManifestDecoder([...ociFormats, ...schema2Formats]);
}
