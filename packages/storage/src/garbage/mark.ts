import { CANONICAL_ALGORITHM, isDigest, type Digest, type RepositoryName } from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import { listNames } from '../catalog.ts';
import { BLOBS } from '../paths.ts';
import {
  markRepository,
  type MarkOptions,
  type RepositoryMark,
  type UnneededLink,
} from './repository-mark.ts';
import { filesBelow } from './revisions.ts';

/** What nothing needs of one digest. */
export interface Garbage {
  /** Where the bytes are, which nothing needs anywhere; `undefined` when only links go. */
  readonly data?: string | undefined;
  readonly links: readonly UnneededLink[];
  /** What stays when this does. */
  readonly dependents: readonly Digest[];
}

export interface MarkResult {
  readonly garbage: ReadonlyMap<Digest, Garbage>;
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
  readonly signal?: AbortSignal | undefined;
  /** Told before a repository is looked through. */
  readonly onRepository?: ((name: RepositoryName) => void) | undefined;
}

interface Collected {
  data?: string;
  readonly links: UnneededLink[];
  readonly dependents: Digest[];
}

/**
 * Looks through everything. Holds the digest of all that is needed, about 100 bytes each, what is garbage, and the
 * manifests of one repository at a time; with `only`, no more than these.
 *
 * @throws Whatever storage fails with: half a mark is none.
 */
export async function mark(options: MarkAllOptions): Promise<MarkResult> {
  const all = new WholeMark(options);
  for await (const name of listNames(options.driver, { signal: options.signal })) {
    options.signal?.throwIfAborted();
    options.onRepository?.(name);
    all.add(name, await markRepository(name, options));
  }
  for await (const { digest, path } of storedBlobs(options.driver)) all.addBytes(digest, path);
  options.signal?.throwIfAborted();
  return all.result();
}

class WholeMark {
  readonly #only: ReadonlySet<Digest> | undefined;
  readonly #needed = new Set<Digest>();
  readonly #garbage = new Map<Digest, Collected>();
  readonly #damaged: Damaged[] = [];
  readonly #withoutManifests: RepositoryName[] = [];
  #repositories = 0;
  #manifests = 0;

  constructor({ only }: MarkAllOptions) {
    this.#only = only;
  }

  add(repository: RepositoryName, found: RepositoryMark): void {
    this.#repositories++;
    this.#manifests += found.manifests;
    this.#damaged.push(...found.damaged.map((path) => ({ repository, path })));
    if (found.isWithoutManifests) this.#withoutManifests.push(repository);
    for (const digest of found.needed) {
      if (this.#mayBeGarbage(digest)) this.#needed.add(digest);
    }
    for (const [digest, links] of found.unneeded) this.#entry(digest).links.push(...links);
    for (const [digest, dependents] of found.dependents) {
      this.#entry(digest).dependents.push(...dependents);
    }
  }

  addBytes(digest: Digest, path: string): void {
    if (this.#needed.has(digest) || !this.#mayBeGarbage(digest)) return;
    this.#entry(digest).data = path;
  }

  result(): MarkResult {
    return {
      garbage: this.#garbage,
      repositories: this.#repositories,
      manifests: this.#manifests,
      needed: this.#needed.size,
      damaged: this.#damaged,
      withoutManifests: this.#withoutManifests,
    };
  }

  #mayBeGarbage(digest: Digest): boolean {
    return this.#only?.has(digest) !== false;
  }

  #entry(digest: Digest): Collected {
    const known = this.#garbage.get(digest) ?? { links: [], dependents: [] };
    this.#garbage.set(digest, known);
    return known;
  }
}

/** What lies where bytes lie by their sha256. What is there besides is not ours to judge. */
async function* storedBlobs(driver: StorageDriver) {
  const root = `${BLOBS}/${CANONICAL_ALGORITHM}`;
  for await (const path of filesBelow(driver, root)) {
    const [prefix = '', encoded = '', file, ...rest] = path.slice(root.length + 1).split('/');
    const digest = `${CANONICAL_ALGORITHM}:${encoded}`;
    if (file !== 'data' || rest.length > 0 || !isDigest(digest)) continue;
    if (encoded.startsWith(prefix) && prefix.length === 2) yield { digest, path };
  }
}
