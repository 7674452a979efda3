/** Media types of Docker's image manifest, version 2, schema 2. */
export const SCHEMA2_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const SCHEMA2_MANIFEST_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const SCHEMA2_IMAGE_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const SCHEMA2_PLUGIN_CONFIG = 'application/vnd.docker.plugin.v1+json';
export const SCHEMA2_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
export const SCHEMA2_UNCOMPRESSED_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
export const SCHEMA2_FOREIGN_LAYER = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';

// The others are OCI's: clients judge a layer by its own type, whatever manifest it stands in.
const FOREIGN_LAYERS: ReadonlySet<string> = new Set([
  SCHEMA2_FOREIGN_LAYER,
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
]);

/** Whether clients may leave a layer of this type where it came from, so that a registry does without its blob. */
export function isForeignLayer(mediaType: string): boolean {
  return FOREIGN_LAYERS.has(mediaType);
}
