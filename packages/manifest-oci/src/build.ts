import {
  createImageBuilder,
  createIndexBuilder,
  encodeDescriptor,
  encodeManifestJson,
  members,
  parseStrictJsonObject,
  sortedMembers,
  unlessEmpty,
  type BlobIngester,
  type BlobStatter,
  type Descriptor,
  type Manifest,
  type ManifestBuilder,
  type Members,
} from '@purser/core';
import { ociImageIndexFormat } from './image-index.ts';
import { ociImageManifestFormat } from './image-manifest.ts';
import { OCI_IMAGE_CONFIG, OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from './media-types.ts';

/** What images and indexes can say about themselves. */
export interface OciRelations {
  readonly artifactType?: string | undefined;
  /** The manifest that the built one says something about. */
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export interface OciImageBuilderOptions extends OciRelations {
  /** The blobs of the repository the image is for: the config is stored here unless it is there. */
  readonly blobs: BlobStatter & Pick<BlobIngester, 'put'>;
  readonly config: Uint8Array;
  /** `application/vnd.oci.image.config.v1+json` when absent. */
  readonly configMediaType?: string | undefined;
  /** The first layers; `appendReference` adds more. None when absent. */
  readonly layers?: readonly Descriptor[] | undefined;
}

export interface OciIndexBuilderOptions extends OciRelations {
  /** The first members; `appendReference` adds more. None when absent. */
  readonly manifests?: readonly Descriptor[] | undefined;
}

/**
 * Collects the layers of an image. `build` stores the config once the manifest is known to be valid.
 *
 * `build` rejects with RegistryError `MANIFEST_INVALID` when a descriptor, the artifact type or the annotations cannot
 * stand in a manifest; what `blobs` throws passes through.
 *
 * @see distribution, manifest/ocischema/builder.go.
 */
export function createOciImageBuilder(options: OciImageBuilderOptions): ManifestBuilder {
  const { configMediaType = OCI_IMAGE_CONFIG } = options;
  return createImageBuilder({
    ...options,
    configMediaType,
    make: (config, layers) => buildImage(options, { config, layers }),
  });
}

/**
 * Collects the members of an index.
 *
 * `build` rejects with RegistryError `MANIFEST_INVALID` when a descriptor, the artifact type or the annotations cannot
 * stand in an index.
 *
 * @see distribution, manifest/ocischema/index.go, `FromDescriptors`.
 */
export function createOciIndexBuilder(options: OciIndexBuilderOptions = {}): ManifestBuilder {
  return createIndexBuilder(options.manifests ?? [], (members) => buildIndex(options, members));
}

interface ImageParts {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

function buildImage(relations: OciRelations, { config, layers }: ImageParts): Manifest {
  const payload = encodeManifestJson(
    members({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_MANIFEST,
      artifactType: unlessEmpty(relations.artifactType),
      config: encodeDescriptor(config),
      layers: layers.map(encodeDescriptor),
      ...encodeSubjectAndAnnotations(relations),
    }),
  );
  return ociImageManifestFormat.decode(payload, parseStrictJsonObject(payload));
}

function buildIndex(relations: OciRelations, manifests: readonly Descriptor[]): Manifest {
  const payload = encodeManifestJson(
    members({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_INDEX,
      artifactType: unlessEmpty(relations.artifactType),
      manifests: manifests.map(encodeDescriptor),
      ...encodeSubjectAndAnnotations(relations),
    }),
  );
  return ociImageIndexFormat.decode(payload, parseStrictJsonObject(payload));
}

function encodeSubjectAndAnnotations({ subject, annotations }: OciRelations): {
  readonly subject: Members | undefined;
  readonly annotations: Members | undefined;
} {
  return {
    subject: subject === undefined ? undefined : encodeDescriptor(subject),
    annotations: sortedMembers(annotations),
  };
}
