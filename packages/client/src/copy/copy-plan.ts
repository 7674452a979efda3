import {
  describeManifest,
  isDigest,
  RegistryError,
  type Descriptor,
  type Digest,
  type Manifest,
  type OperationOptions,
  type Platform,
  type Repository,
  type RepositoryName,
  type Tag,
} from '@purser/core';
import { blobsOf, planBlob } from './plan-blob.ts';
import { readGraph, type GraphNode } from './copy-graph.ts';
import { inParallel } from './in-parallel.ts';
import { selectPlatform } from './select-platform.ts';

/** What shall be copied, and where to. */
export interface CopyRequest {
  readonly from: Repository;
  readonly reference: Tag | Digest;
  readonly to: Repository;
  /** What it shall be called there. Default: nothing; it is then found by its digest. */
  readonly tags?: readonly Tag[] | undefined;
  /** Copies the image for this platform alone. Default: everything that the reference names. */
  readonly platform?: Platform | undefined;
  /** Whether what refers to it comes along (signatures, attestations), and what refers to that. Default `false`. */
  readonly referrers?: boolean | undefined;
  /** The name of `from` in the registry of `to`, when it is the same: blobs are then mounted, not sent. */
  readonly mountFrom?: RepositoryName | undefined;
}

export interface CopyOptions extends OperationOptions {
  /** Most requests, or blobs, at a time. At least 1. Default 6. */
  readonly concurrency?: number | undefined;
}

export const DEFAULT_CONCURRENCY = 6;

/**
 * - `copy`: is sent.
 * - `present`: is there already.
 * - `elsewhere`: is a layer that may not be distributed, and is had from where its manifest says.
 */
export type CopyAction = 'copy' | 'present' | 'elsewhere';

export interface CopyItem {
  readonly kind: 'blob' | 'manifest';
  readonly descriptor: Descriptor;
  readonly action: CopyAction;
}

/** What a copy will do, found out without changing anything. */
export interface CopyPlan {
  readonly request: CopyRequest;
  /** What the tags will name: the one the reference names, or its image for the platform. */
  readonly digest: Digest;
  /** Blobs first, then manifests in the order in which they are put. Each once. */
  readonly items: readonly CopyItem[];
  /** Tags that do not name the digest yet. */
  readonly tags: readonly Tag[];
  /** Of everything, and of what is to be copied. */
  readonly totalBytes: number;
  readonly copyBytes: number;
  /** By digest, what is to be put. */
  readonly manifests: ReadonlyMap<Digest, Manifest>;
}

/**
 * Finds out what a copy will do.
 *
 * A manifest that the target holds was only taken with all of its blobs, so that these are not asked for.
 *
 * @throws RegistryError `MANIFEST_UNKNOWN` when the reference, a member of an index, or an image for the platform is
 * missing; `MANIFEST_INVALID` for more than 10,000 manifests; what the repositories fail with.
 */
export async function planCopy(request: CopyRequest, options: CopyOptions = {}): Promise<CopyPlan> {
  const { concurrency = DEFAULT_CONCURRENCY, signal } = options;
  const { from, to, platform, referrers = false } = request;
  const named = await resolve(request, { signal });
  const digest =
    platform === undefined ? named : await selectPlatform(from, named, { platform, signal });
  const nodes = await readGraph(from, digest, { referrers, concurrency, signal });

  const present = new Set<Digest>();
  await inParallel(
    nodes,
    async (node, each) => {
      if (await to.manifests.exists(node.digest, { signal: each })) present.add(node.digest);
    },
    { concurrency, signal },
  );
  const blobs = blobsOf(nodes, present);
  const planned = new Map<Digest, CopyItem>();
  await inParallel(
    blobs,
    async (blob, each) => {
      planned.set(blob.descriptor.digest, await planBlob(request, blob, { signal: each }));
    },
    { concurrency, signal },
  );
  const items = [
    ...blobs.map(({ descriptor }) => planned.get(descriptor.digest)),
    ...nodes.map((node) => planManifest(node, present)),
  ].filter((item) => item !== undefined);
  return {
    request,
    digest,
    items,
    tags: await newTags(request, digest, { signal }),
    totalBytes: sizeOf(items.filter(({ action }) => action !== 'elsewhere')),
    copyBytes: sizeOf(items.filter(({ action }) => action === 'copy')),
    manifests: new Map(nodes.map((node) => [node.digest, node.manifest])),
  };
}

async function resolve(
  { from, reference }: CopyRequest,
  options: OperationOptions,
): Promise<Digest> {
  if (isDigest(reference)) return reference;
  const digest = await from.tags.get(reference, options);
  if (digest !== undefined) return digest;
  throw new RegistryError('MANIFEST_UNKNOWN', {
    message: `there is no tag ${reference} in ${from.name}`,
    detail: { tag: reference },
  });
}

function planManifest({ digest, manifest }: GraphNode, present: ReadonlySet<Digest>): CopyItem {
  return {
    kind: 'manifest',
    descriptor: describeManifest(manifest, digest),
    action: present.has(digest) ? 'present' : 'copy',
  };
}

async function newTags(
  { to, tags = [] }: CopyRequest,
  digest: Digest,
  options: OperationOptions,
): Promise<readonly Tag[]> {
  const moving: Tag[] = [];
  for (const tag of tags) {
    if ((await to.tags.get(tag, options)) !== digest) moving.push(tag);
  }
  return moving;
}

function sizeOf(items: readonly CopyItem[]): number {
  return items.reduce((total, { descriptor }) => total + descriptor.size, 0);
}
