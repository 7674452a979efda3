import {
  RegistryError,
  type BlobStore,
  type Descriptor,
  type Manifest,
  type ManifestConverter,
  type OperationOptions,
} from '@purser/core';
import { invalid } from './complaint.ts';
import { EMPTY_LAYER, EMPTY_LAYER_DIGEST } from './empty-layer.ts';
import { convertImage } from './from-image.ts';
import { SCHEMA2_MANIFEST } from './media-types.ts';
import type { Signer } from './signing.ts';

/**
 * Makes schema 1 manifests of schema 2 ones for clients that know no better. It puts the empty layer into the
 * repository when the image needs it and it is not there.
 *
 * `convert` rejects with RegistryError `MANIFEST_INVALID` when the config is not there, has more than 1 MiB, or is one
 * that `convertImage` refuses; what else the repository throws passes through.
 *
 * @see distribution 2.8, registry/handlers/manifests.go, `convertSchema2Manifest`.
 */
export function createSchema1Converter(signer: Signer): ManifestConverter {
  return {
    mediaType: SCHEMA2_MANIFEST,

    async convert(manifest, { repository: { name, blobs }, tag }, options = {}) {
      const [config, ...layers] = manifest.references.map(({ descriptor }) => descriptor);
      if (config === undefined) throw invalid('the manifest has no config to convert');
      const converted = convertImage({
        ...signer,
        config: await readConfig(blobs, config, options),
        layers,
        repository: name,
        tag,
      });
      if (hasEmptyLayer(converted)) await ensureEmptyLayer(blobs, options);
      return converted;
    },
  };
}

/** In bytes: a hundred times what images have. It is read and rewritten anew for each client that asks. */
const MAXIMUM_CONFIG_SIZE = 1024 * 1024;

async function readConfig(
  blobs: BlobStore,
  { digest, size }: Descriptor,
  { signal }: OperationOptions,
): Promise<Uint8Array> {
  if (size > MAXIMUM_CONFIG_SIZE) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const chunk of await blobs.open(digest, { signal })) {
      total += (chunk as Uint8Array).byteLength;
      if (total > MAXIMUM_CONFIG_SIZE) throw tooLarge();
      chunks.push(chunk as Uint8Array);
    }
  } catch (error) {
    if (!RegistryError.is(error, 'BLOB_UNKNOWN')) throw error;
    throw invalid('the config of the image is not there', error);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): RegistryError {
  return invalid('the config of the image is too large to convert');
}

function hasEmptyLayer({ references }: Manifest): boolean {
  return references.some(({ descriptor }) => descriptor.digest === EMPTY_LAYER_DIGEST);
}

async function ensureEmptyLayer(blobs: BlobStore, { signal }: OperationOptions): Promise<void> {
  if ((await blobs.stat(EMPTY_LAYER_DIGEST, { signal })) !== undefined) return;
  await blobs.put(EMPTY_LAYER, { signal });
}
