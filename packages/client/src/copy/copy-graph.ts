import {
  RegistryError,
  type Digest,
  type Manifest,
  type OperationOptions,
  type Repository,
} from '@purser/core';
import { inParallel } from './in-parallel.ts';
import { readManifest } from './read-manifest.ts';

/** More than any image has: a registry that tells of ever more referrers ends here. */
const MAXIMUM_MANIFESTS = 10_000;
/** Maximum bytes of all manifests, which are held until they are put. */
const MAXIMUM_BYTES = 256 * 1024 * 1024;

export interface GraphNode {
  /** As it was named: content that is named by sha512 keeps that name. */
  readonly digest: Digest;
  readonly manifest: Manifest;
}

export interface GraphOptions extends OperationOptions {
  /** Whether to take what refers to a manifest along, and what refers to that. */
  readonly referrers: boolean;
  readonly concurrency: number;
}

/**
 * Reads a manifest and everything that it leads to.
 *
 * @returns Each manifest once, so that what one needs comes before it: members before their index, a subject before
 * what refers to it.
 * @throws RegistryError `MANIFEST_UNKNOWN` when a member is missing; `MANIFEST_INVALID` when there are more than 10,000, or
 * they have more than 256 MiB.
 */
export async function readGraph(
  repository: Repository,
  root: Digest,
  options: GraphOptions,
): Promise<readonly GraphNode[]> {
  const nodes = new Map<Digest, GraphNode>();
  let bytes = 0;
  for (let level: readonly Digest[] = [root]; level.length > 0;) {
    const next = new Set<Digest>();
    await inParallel(
      level,
      async (digest, signal) => {
        const manifest = await readManifest(repository, digest, { signal });
        nodes.set(digest, { digest, manifest });
        bytes += manifest.payload.byteLength;
        checkBytes(bytes);
        for (const each of membersOf(manifest)) next.add(each);
        if (!options.referrers) return;
        for await (const each of repository.referrers.list(digest, { signal })) {
          next.add(each.digest);
          checkCount(nodes.size + next.size);
        }
      },
      options,
    );
    level = [...next].filter((digest) => !nodes.has(digest));
    checkCount(nodes.size + level.length);
  }
  return inOrder(nodes);
}

function membersOf({ references }: Manifest): readonly Digest[] {
  return references
    .filter(({ kind }) => kind === 'manifest')
    .map(({ descriptor }) => descriptor.digest);
}

/** Takes, over and over, what waits for nothing any more. A digest cannot lead back to itself, so that all come. */
function inOrder(nodes: ReadonlyMap<Digest, GraphNode>): readonly GraphNode[] {
  const waitingFor = new Map<Digest, number>();
  const dependents = new Map<Digest, GraphNode[]>();
  for (const node of nodes.values()) {
    const needs = needsOf(node).filter((digest) => nodes.has(digest));
    waitingFor.set(node.digest, needs.length);
    for (const digest of needs) {
      const known = dependents.get(digest);
      if (known === undefined) dependents.set(digest, [node]);
      else known.push(node);
    }
  }
  const ordered: GraphNode[] = [...nodes.values()].filter(({ digest }) => !waitingFor.get(digest));
  // It grows while it is gone through.
  for (const { digest } of ordered) {
    for (const node of dependents.get(digest) ?? []) {
      const left = (waitingFor.get(node.digest) ?? 0) - 1;
      waitingFor.set(node.digest, left);
      if (left === 0) ordered.push(node);
    }
  }
  return ordered;
}

/** The manifests that shall be there before this one, each once. */
export function needsOf({ manifest }: GraphNode): readonly Digest[] {
  const subject = manifest.subject?.digest;
  return [...new Set([...membersOf(manifest), ...(subject === undefined ? [] : [subject])])];
}

function checkBytes(bytes: number): void {
  if (bytes <= MAXIMUM_BYTES) return;
  throw new RegistryError('MANIFEST_INVALID', {
    message: `the manifests that belong together have more than ${MAXIMUM_BYTES} bytes: copy parts of it`,
  });
}

function checkCount(count: number): void {
  if (count <= MAXIMUM_MANIFESTS) return;
  throw new RegistryError('MANIFEST_INVALID', {
    message: `more than ${MAXIMUM_MANIFESTS} manifests belong together: copy parts of it`,
  });
}
