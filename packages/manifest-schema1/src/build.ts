import {
  parseStrictJsonObject,
  type Descriptor,
  type Digest,
  type Manifest,
  type OperationOptions,
} from '@purser/core';
import { encodeGoJson, type GoMembers, type GoValue } from './go-json.ts';
import { assembleManifest, layerReference, parseContent } from './manifest.ts';
import { signCanonical, type Signer } from './signing.ts';

/** A layer, and what the first registries said of it. */
export interface Schema1Layer {
  readonly digest: Digest;
  /** JSON text. It is kept as it is. */
  readonly v1Compatibility: string;
}

/** What an image is called and runs on. */
export interface Schema1Naming {
  readonly repository: string;
  /** '' for none. */
  readonly tag: string;
  /** `amd64`. */
  readonly architecture: string;
}

export interface Schema1BuilderOptions extends Schema1Naming, Signer {}

/** Collects the layers of a schema 1 image, oldest first. */
export interface Schema1Builder {
  /** Newest first, as they will stand in the manifest. */
  readonly references: readonly Descriptor[];
  /** Puts a layer on top of those that are there. */
  appendReference(layer: Pick<Descriptor, 'digest'>, v1Compatibility: string): void;
  /**
   * @throws RegistryError `MANIFEST_INVALID` when there are no layers, or the repository or the tag cannot be one.
   */
  build(options?: OperationOptions): Promise<Manifest>;
}

/**
 * Makes signed schema 1 manifests of their parts.
 *
 * @see distribution 2.8, manifest/schema1/reference_builder.go.
 */
export function createSchema1Builder(options: Schema1BuilderOptions): Schema1Builder {
  const layers: Schema1Layer[] = [];
  return {
    get references() {
      return layers.map(({ digest }) => layerReference(digest).descriptor).toReversed();
    },
    appendReference({ digest }, v1Compatibility) {
      layers.push({ digest, v1Compatibility });
    },
    async build({ signal } = {}) {
      signal?.throwIfAborted();
      return buildManifest(options, layers);
    },
  };
}

/**
 * @param layers Oldest first.
 * @throws RegistryError `MANIFEST_INVALID`, naming what cannot stand in a manifest.
 */
export function buildManifest(
  options: Schema1BuilderOptions,
  layers: readonly Schema1Layer[],
): Manifest {
  const canonical = encodeCanonical(options, layers.toReversed());
  const content = parseContent(parseStrictJsonObject(canonical));
  return assembleManifest(canonical, content, [signCanonical(canonical, options)]);
}

/** The bytes that distribution makes. */
function encodeCanonical(
  { repository, tag, architecture }: Schema1Naming,
  layers: readonly Schema1Layer[],
): Uint8Array {
  const document: GoMembers = new Map<string, GoValue>([
    ['schemaVersion', 1],
    ['name', repository],
    ['tag', tag],
    ['architecture', architecture],
    ['fsLayers', layers.map(({ digest: blobSum }) => ({ blobSum }))],
    ['history', layers.map(({ v1Compatibility }) => ({ v1Compatibility }))],
  ]);
  return Buffer.from(encodeGoJson(document, { prefix: '', indent: '   ' }));
}
