import { buffer } from 'node:stream/consumers';
import {
  describeManifest,
  exactLength,
  isObject,
  RegistryError,
  type Descriptor,
  type Digest,
  type Manifest,
  type OperationOptions,
  type Platform,
  type Repository,
} from '@purser/core';
import type { ImageNode } from '../show/image-tree.ts';

/** Larger configs are not shown, in bytes. */
const MAXIMUM_CONFIG_SIZE = 4 * 1024 * 1024;
/** Further configs are not shown, in bytes of all of them. */
const MAXIMUM_CONFIGS_SIZE = 64 * 1024 * 1024;
/** Maximum number of nodes in a tree, as of manifests in a copy. */
const MAXIMUM_NODES = 10_000;
/** Deeper than any image; a chain of referrers ends here. */
const MAXIMUM_DEPTH = 16;

export interface ReadTreeOptions extends OperationOptions {
  readonly referrers: boolean;
}

interface Target {
  readonly digest: Digest;
  readonly platform?: Platform | undefined;
  readonly depth: number;
}

/**
 * Reads what a manifest leads to: configs and manifests, but no layers. Each manifest is expanded once: where it is met again, its
 * node has no members and no referrers. So lists of referrers that lead in a circle, and members that are repeated, end.
 */
export class ImageTreeReader {
  readonly #repository: Repository;
  readonly #options: ReadTreeOptions;
  readonly #expanded = new Map<Digest, ImageNode>();
  #nodes = 0;
  #configBytes = 0;

  constructor(repository: Repository, options: ReadTreeOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  /** @throws RegistryError `MANIFEST_INVALID` for more than 10,000 nodes; the errors of the repository. */
  async read(digest: Digest): Promise<ImageNode> {
    return this.#node({ digest, depth: 0 });
  }

  async #node({ digest, platform, depth }: Target): Promise<ImageNode> {
    this.#count(digest);
    const known = this.#expanded.get(digest);
    if (known !== undefined) return { ...known, ...(platform && { platform }) };
    const manifest = await this.#repository.manifests.get(digest, this.#options);
    const { mediaType, size, artifactType, annotations } = describeManifest(manifest, digest);
    const { configDescriptor, layers } = partsOf(manifest);
    const config = configDescriptor && (await this.#config(configDescriptor));
    const node: ImageNode = {
      digest,
      mediaType,
      size,
      artifactType: artifactType === configDescriptor?.mediaType ? undefined : artifactType,
      platform: platform ?? platformOf(config),
      annotations,
      subject: manifest.subject?.digest,
      config,
      configDescriptor,
      layers,
    };
    this.#expanded.set(digest, node);
    const members = await this.#members(manifest, depth);
    const referrers = this.#options.referrers ? await this.#referrers(digest, depth) : undefined;
    return { ...node, manifests: members.length === 0 ? undefined : members, referrers };
  }

  #count(digest: Digest): void {
    this.#nodes++;
    if (this.#nodes <= MAXIMUM_NODES) return;
    throw new RegistryError('MANIFEST_INVALID', {
      message: `more than ${MAXIMUM_NODES} manifests belong together: inspect one of them, such as ${digest}`,
    });
  }

  async #members({ references }: Manifest, depth: number): Promise<readonly ImageNode[]> {
    const members: ImageNode[] = [];
    for (const { kind, descriptor } of references) {
      if (kind !== 'manifest' || depth >= MAXIMUM_DEPTH) continue;
      const { digest, platform } = descriptor;
      members.push(await this.#node({ digest, platform, depth: depth + 1 }));
    }
    return members;
  }

  async #referrers(subject: Digest, depth: number): Promise<readonly ImageNode[]> {
    const referrers: ImageNode[] = [];
    if (depth >= MAXIMUM_DEPTH) return referrers;
    for await (const { digest } of this.#repository.referrers.list(subject, this.#options)) {
      referrers.push(await this.#node({ digest, depth: depth + 1 }));
    }
    return referrers;
  }

  async #config({ digest, mediaType, size }: Descriptor): Promise<unknown> {
    if (size > MAXIMUM_CONFIG_SIZE || !/json/.test(mediaType)) return undefined;
    this.#configBytes += size;
    if (this.#configBytes > MAXIMUM_CONFIGS_SIZE) return undefined;
    const content = await this.#repository.blobs.open(digest, this.#options);
    const bytes = await buffer(exactLength(size, content));
    try {
      return JSON.parse(bytes.toString());
    } catch {
      return undefined;
    }
  }
}

/** The config comes first in every format that has one; schema 1 has none, and does not know its sizes. */
function partsOf({ references, mediaType }: Manifest): {
  readonly configDescriptor: Descriptor | undefined;
  readonly layers: readonly Descriptor[] | undefined;
} {
  const blobs = references.filter(({ kind }) => kind === 'blob').map((one) => one.descriptor);
  if (blobs.length === 0) return { configDescriptor: undefined, layers: undefined };
  const hasConfig = !mediaType.includes('manifest.v1+prettyjws');
  return {
    configDescriptor: hasConfig ? blobs[0] : undefined,
    layers: blobs.slice(hasConfig ? 1 : 0),
  };
}

function platformOf(config: unknown): Platform | undefined {
  if (!isObject(config)) return undefined;
  const { os, architecture, variant } = config;
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  return { os, architecture, ...(typeof variant === 'string' && variant !== '' && { variant }) };
}
