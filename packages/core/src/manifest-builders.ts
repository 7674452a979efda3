import type { BlobIngester, BlobStatter } from './blob.ts';
import type { Descriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';
import type { Manifest, ManifestBuilder } from './manifest.ts';

export interface ImageBuilderOptions {
  /** The blobs of the repository the image is for: the config is stored here unless it is there. */
  readonly blobs: BlobStatter & Pick<BlobIngester, 'put'>;
  readonly config: Uint8Array;
  readonly configMediaType: string;
  /** The first layers; `appendReference` adds more. None when absent. */
  readonly layers?: readonly Descriptor[] | undefined;
  /** Makes the manifest; throws when the parts cannot stand in one. */
  readonly make: (config: Descriptor, layers: readonly Descriptor[]) => Manifest;
}

/** Collects the layers of an image of any format. `build` stores the config once the manifest is known to be valid. */
export function createImageBuilder(options: ImageBuilderOptions): ManifestBuilder {
  const { blobs, config, configMediaType: mediaType, make } = options;
  const layers = [...(options.layers ?? [])];
  return {
    references: layers,
    appendReference(descriptor) {
      layers.push(descriptor);
    },
    async build({ signal } = {}) {
      const digest = digestOf(config);
      const manifest = make({ mediaType, digest, size: config.byteLength }, layers);
      if ((await blobs.stat(digest, { signal })) === undefined) {
        await blobs.put(config, { mediaType, signal });
      }
      return manifest;
    },
  };
}

/** Collects the members of an index of any format. */
export function createIndexBuilder(
  first: readonly Descriptor[],
  make: (members: readonly Descriptor[]) => Manifest,
): ManifestBuilder {
  const members = [...first];
  return {
    references: members,
    appendReference(descriptor) {
      members.push(descriptor);
    },
    async build({ signal } = {}) {
      signal?.throwIfAborted();
      return make(members);
    },
  };
}
