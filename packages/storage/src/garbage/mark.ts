import { CANONICAL_ALGORITHM, isDigest, type RepositoryName } from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import { listNames } from '../catalog.ts';
import type { DigestTable } from '../digest-table.ts';
import { BLOBS } from '../paths.ts';
import { Marks, type GarbageSet } from './marks.ts';
import { markRepository, type MarkOptions } from './repository-mark.ts';
import { filesBelow } from './revisions.ts';

export interface MarkResult {
  readonly garbage: GarbageSet;
  readonly repositories: number;
  /** Manifests that are needed, once for each repository. */
  readonly manifests: number;
  /** Digests that are needed: blobs, and manifests as such. */
  readonly needed: number;
  readonly damaged: readonly Damaged[];
  /** Names without manifests, some of which no repository has. */
  readonly withoutManifests: readonly RepositoryName[];
}

/** A repository that keeps everything, since nobody can tell what it needs. */
export interface Damaged {
  readonly repository: RepositoryName;
  /** What cannot be read. */
  readonly path: string;
}

export interface MarkAllOptions extends MarkOptions {
  /** What may be garbage, which becomes part of the result; anything by default. A manifest that may not be is needed. */
  readonly only?: DigestTable | undefined;
  /** Called before a repository is looked through. */
  readonly onRepository?: ((name: RepositoryName) => void) | undefined;
}

/**
 * Looks through everything. Holds some 50 bytes for each digest that is stored or linked, or with `only` for each of
 * these, and what `markRepository` holds of one repository at a time.
 *
 * @throws Whatever storage fails with: half a mark is none.
 */
export async function mark(options: MarkAllOptions): Promise<MarkResult> {
  const { driver, signal, only, onRepository } = options;
  const marks = new Marks(only);
  const found = { repositories: 0, manifests: 0 };
  const damaged: Damaged[] = [];
  const withoutManifests: RepositoryName[] = [];
  // First of all: what comes while this looks is no candidate.
  for await (const digest of storedBlobs(driver)) {
    signal?.throwIfAborted();
    marks.addBytes(digest);
  }
  for await (const name of listNames(driver, { signal })) {
    signal?.throwIfAborted();
    onRepository?.(name);
    const here = await markRepository(name, marks, options);
    found.repositories++;
    found.manifests += here.manifests;
    for (const path of here.damaged) damaged.push({ repository: name, path });
    if (here.isWithoutManifests) withoutManifests.push(name);
  }
  signal?.throwIfAborted();
  return { ...found, garbage: marks, needed: marks.needed, damaged, withoutManifests };
}

/** What lies where bytes lie by their sha256. What is there besides is not ours to judge. */
async function* storedBlobs(driver: StorageDriver) {
  const root = `${BLOBS}/${CANONICAL_ALGORITHM}`;
  for await (const path of filesBelow(driver, root)) {
    const [prefix = '', encoded = '', file, ...rest] = path.slice(root.length + 1).split('/');
    const digest = `${CANONICAL_ALGORITHM}:${encoded}`;
    if (file !== 'data' || rest.length > 0 || !isDigest(digest)) continue;
    if (encoded.startsWith(prefix) && prefix.length === 2) yield digest;
  }
}
