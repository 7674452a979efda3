import {
  RegistryError,
  type Digest,
  type ManifestService,
  type OperationOptions,
  type RepositoryName,
  type RepositoryRemover,
} from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import type { LinkedContent } from './linked-content.ts';
import { digestsLinkedBelow } from './links.ts';
import {
  layersPath,
  manifestsPath,
  referrersRootPath,
  repositoryPath,
  revisionsPath,
  tagsPath,
  uploadsPath,
} from './paths.ts';
import { requireDeletion, type Policy } from './policy.ts';
import type { Walks } from './walks.ts';

export interface StoredRepositoryRemoverOptions {
  readonly driver: StorageDriver;
  readonly name: RepositoryName;
  readonly policy: Policy;
  readonly manifests: ManifestService;
  readonly revisions: LinkedContent;
  readonly content: LinkedContent;
  readonly walks: Walks;
}

/** How often it looks again for what others pushed meanwhile. */
const MAXIMUM_ROUNDS = 10;

/**
 * Removes a repository in the order in which its parts rely on each other: tags, manifests before what they refer to,
 * blobs. So whatever is left when it stops half way has all it needs. Caches hear of every link.
 */
export class StoredRepositoryRemover implements RepositoryRemover {
  readonly #options: StoredRepositoryRemoverOptions;

  constructor(options: StoredRepositoryRemoverOptions) {
    this.#options = options;
  }

  async remove(options: OperationOptions = {}): Promise<void> {
    const { policy, name, walks } = this.#options;
    requireDeletion(policy);
    if (!(await this.#isThere(options))) {
      throw new RegistryError('NAME_UNKNOWN', { detail: { name } });
    }
    // How much there is to remove is unknown.
    using walk = walks.begin(options);
    await walk.look(Infinity);
    for (let round = 0; round < MAXIMUM_ROUNDS; round++) {
      await this.#removeParts(options);
      if (!(await this.#isThere(options))) return;
    }
    const message = 'others push to the repository faster than it can be removed; try again';
    throw new RegistryError('UNAVAILABLE', { message, detail: { name } });
  }

  async #removeParts(options: OperationOptions): Promise<void> {
    const { name, revisions, content } = this.#options;
    await this.#delete(tagsPath(name), options);
    for (const digest of await this.#dependentsFirst(options)) {
      await revisions.unlink(digest, options);
    }
    // What is left of them: broken links, signatures, empty directories.
    await this.#delete(manifestsPath(repositoryPath(name)), options);
    await this.#delete(referrersRootPath(name), options);
    for (const digest of await this.#linked(layersPath(name), options)) {
      await content.unlink(digest, options);
    }
    await this.#delete(layersPath(name), options);
    await this.#delete(uploadsPath(name), options);
  }

  /** Manifests, each before those that it refers to. */
  async #dependentsFirst(options: OperationOptions): Promise<readonly Digest[]> {
    const { manifests, name } = this.#options;
    const members = new Map<Digest, readonly Digest[]>();
    for (const digest of await this.#linked(revisionsPath(name), options)) {
      const manifest = await manifests.get(digest, options).catch(ignoreUnknown);
      const references = [
        ...(manifest?.references ?? []).map(({ descriptor }) => descriptor.digest),
        ...(manifest?.subject === undefined ? [] : [manifest.subject.digest]),
      ];
      members.set(digest, references);
    }
    return sortDependents(members);
  }

  async #linked(root: string, options: OperationOptions): Promise<readonly Digest[]> {
    try {
      return await digestsLinkedBelow(this.#options.driver, root, options);
    } catch (error) {
      ignoreMissing(error);
      return [];
    }
  }

  async #isThere(options: OperationOptions): Promise<boolean> {
    const { driver, name } = this.#options;
    const parts = [manifestsPath(repositoryPath(name)), layersPath(name), uploadsPath(name)];
    const found = await Promise.all(parts.map((path) => driver.stat(path, options)));
    return found.some((info) => info !== undefined);
  }

  async #delete(path: string, options: OperationOptions): Promise<void> {
    await this.#options.driver.delete(path, options).catch(ignoreMissing);
  }
}

/** Orders things so that each comes before those it depends on. Digests depend on each other in no circle. */
function sortDependents(members: ReadonlyMap<Digest, readonly Digest[]>): readonly Digest[] {
  const left = new Set(members.keys());
  const waiting: Digest[] = [];
  const order: Digest[] = [];
  const begin = (digest: Digest) => {
    if (left.delete(digest)) waiting.push(digest);
  };
  for (const start of members.keys()) {
    begin(start);
    // The last one waits until all that it depends on are in the order.
    while (waiting.length > 0) {
      const digest = waiting.at(-1)!;
      const next = members.get(digest)!.find((member) => left.has(member));
      if (next !== undefined) begin(next);
      else order.push(waiting.pop()!);
    }
  }
  return order.toReversed();
}

function ignoreMissing(error: unknown): void {
  if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error;
}

function ignoreUnknown(error: unknown): undefined {
  if (!RegistryError.is(error, 'MANIFEST_UNKNOWN')) throw error;
}
