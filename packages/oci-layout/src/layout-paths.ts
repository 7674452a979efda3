import { algorithmOf, encodedOf, isSupportedDigest, type Digest } from '@purser/core';

/**
 * What a layout looks like:
 *
 *     oci-layout               { "imageLayoutVersion": "1.0.0" }
 *     index.json               an image index; the annotation org.opencontainers.image.ref.name of an entry is its name
 *     blobs/<algorithm>/<hex>  content, manifests among it
 *     ingest/<uuid>            what is being received
 *
 * @see OCI image-spec, image-layout.md. `ingest` is where others keep what they receive, too.
 */
export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';
export const INGEST_DIRECTORY = 'ingest';

/** The only version there is. */
export const LAYOUT_VERSION = '1.0.0';

export const REFERENCE_NAME = 'org.opencontainers.image.ref.name';

/** Where content is kept; `undefined` for digests that content cannot be checked against. A digest has no dots and slashes. */
export function blobPath(digest: Digest): string | undefined {
  if (!isSupportedDigest(digest)) return undefined;
  return `blobs/${algorithmOf(digest)}/${encodedOf(digest)}`;
}

/** A blob's path, an index or a layout file: no other file of an archive is looked at. */
export const LAYOUT_PATH =
  /^(?:oci-layout|index\.json|blobs\/(?:sha256\/[0-9a-f]{64}|sha384\/[0-9a-f]{96}|sha512\/[0-9a-f]{128}))$/;
