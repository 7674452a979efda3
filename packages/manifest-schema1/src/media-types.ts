/** Media types of Docker's image manifest, version 2, schema 1. The first is what is served and listed. */
export const SCHEMA1_SIGNED_MANIFEST = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
export const SCHEMA1_MANIFEST = 'application/vnd.docker.distribution.manifest.v1+json';
export const SCHEMA1_LAYER = 'application/vnd.docker.container.image.rootfs.diff+x-gtar';

/** What is converted to schema 1. */
export const SCHEMA2_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
