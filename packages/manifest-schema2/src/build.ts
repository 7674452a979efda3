import {
  createImageBuilder,
  createIndexBuilder,
  encodeDescriptor,
  encodeManifestJson,
  members,
  parseStrictJsonObject,
  type BlobIngester,
  type BlobStatter,
  type Descriptor,
  type Manifest,
  type ManifestBuilder,
} from '@purser/core';
import { encodeListEntry } from './encode-list-entry.ts';
import { schema2ManifestListFormat } from './manifest-list.ts';
import { schema2ManifestFormat } from './manifest.ts';
import { SCHEMA2_IMAGE_CONFIG, SCHEMA2_MANIFEST, SCHEMA2_MANIFEST_LIST } from './media-types.ts';

export interface Schema2BuilderOptions {
  /** The blobs of the repository the image is for: the config is stored here unless it is there. */
  readonly blobs: BlobStatter & Pick<BlobIngester, 'put'>;
  readonly config: Uint8Array;
  /** `application/vnd.docker.container.image.v1+json` when absent. */
  readonly configMediaType?: string | undefined;
  /** The first layers; `appendReference` adds more. None when absent. */
  readonly layers?: readonly Descriptor[] | undefined;
}

/**
 * Collects the layers of an image. `build` stores the config once the manifest is known to be valid.
 *
 * `build` rejects with RegistryError `MANIFEST_INVALID` when a descriptor cannot stand in a manifest; what `blobs`
 * throws passes through.
 *
 * @see distribution, manifest/schema2/builder.go.
 */
export function createSchema2Builder(options: Schema2BuilderOptions): ManifestBuilder {
  const { configMediaType = SCHEMA2_IMAGE_CONFIG } = options;
  return createImageBuilder({ ...options, configMediaType, make: buildManifest });
}

/**
 * Collects the members of a manifest list. One without a platform is written with an empty one.
 *
 * `build` rejects with RegistryError `MANIFEST_INVALID` when a descriptor cannot stand in a manifest list.
 *
 * @param manifests The first members; `appendReference` adds more.
 * @see distribution, manifest/manifestlist/manifestlist.go, `FromDescriptors`.
 */
export function createManifestListBuilder(manifests: readonly Descriptor[] = []): ManifestBuilder {
  return createIndexBuilder(manifests, buildManifestList);
}

function buildManifest(config: Descriptor, layers: readonly Descriptor[]): Manifest {
  const payload = encodeManifestJson(
    members({
      schemaVersion: 2,
      mediaType: SCHEMA2_MANIFEST,
      config: encodeDescriptor(config),
      layers: layers.map(encodeDescriptor),
    }),
  );
  return schema2ManifestFormat.decode(payload, parseStrictJsonObject(payload));
}

function buildManifestList(manifests: readonly Descriptor[]): Manifest {
  const payload = encodeManifestJson(
    members({
      schemaVersion: 2,
      mediaType: SCHEMA2_MANIFEST_LIST,
      manifests: manifests.map(encodeListEntry),
    }),
  );
  return schema2ManifestListFormat.decode(payload, parseStrictJsonObject(payload));
}
