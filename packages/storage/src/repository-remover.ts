import {
  RegistryError,
  type Digest,
  type Manifest,
  type ManifestService,
  type OperationOptions,
  type RepositoryName,
  type RepositoryRemover,
} from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { DigestTable } from './digest-table.ts';
import { Edges } from './edges.ts';
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
import { parentsFirst } from './parents-first.ts';
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
    const { name, content } = this.#options;
    await this.#delete(tagsPath(name), options);
    await this.#removeManifests(options);
    // What is left of them: broken links, signatures, empty directories.
    await this.#delete(manifestsPath(repositoryPath(name)), options);
    await this.#delete(referrersRootPath(name), options);
    for (const digest of await this.#linked(layersPath(name), options)) {
      await content.unlink(digest, options);
    }
    await this.#delete(layersPath(name), options);
    await this.#delete(uploadsPath(name), options);
  }

  /** Removes manifests, each before those that it refers to. Of references, only those to linked manifests are held. */
  async #removeManifests(options: OperationOptions): Promise<void> {
    const { manifests, revisions, name } = this.#options;
    const linked = await this.#linked(revisionsPath(name), options);
    const members = new Edges();
    for (const [number, digest] of linked.entries()) {
      const manifest = await manifests.get(digest, options).catch(ignoreUnknown);
      for (const one of manifest === undefined ? [] : membersOf(manifest)) {
        const member = linked.find(one);
        if (member !== undefined) members.add(number, member);
      }
    }
    const dependencies = {
      numbers: () => linked.numbers(),
      dependentsOf: (number: number) => members.of(number),
    };
    for (const number of await parentsFirst(dependencies)) {
      await revisions.unlink(linked.at(number), options);
    }
  }

  async #linked(root: string, options: OperationOptions): Promise<DigestTable> {
    try {
      return await digestsLinkedBelow(this.#options.driver, root, options);
    } catch (error) {
      ignoreMissing(error);
      return new DigestTable();
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

/** The digests that a manifest refers to, with its subject. */
function* membersOf({ references, subject }: Manifest): Generator<Digest, void> {
  for (const { descriptor } of references) yield descriptor.digest;
  if (subject !== undefined) yield subject.digest;
}

function ignoreMissing(error: unknown): void {
  if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_DIRECTORY')) throw error;
}

function ignoreUnknown(error: unknown): undefined {
  if (!RegistryError.is(error, 'MANIFEST_UNKNOWN')) throw error;
}
