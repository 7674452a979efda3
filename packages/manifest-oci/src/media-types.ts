/** Media types of the OCI image-spec, media-types.md. */
export const OCI_IMAGE_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_IMAGE_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_IMAGE_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd';

/** The config of an artifact that has none: the blob is `{}`. */
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';

// The last one is Docker's: clients judge a layer by its own type, whatever manifest it stands in.
const NON_DISTRIBUTABLE_LAYERS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
]);

/**
 * Whether clients may leave a layer of this type where it came from, so that a registry does without its blob.
 *
 * @see OCI image-spec, layer.md, "Non-Distributable Layers".
 */
export function isNonDistributable(mediaType: string): boolean {
  return NON_DISTRIBUTABLE_LAYERS.has(mediaType);
}
