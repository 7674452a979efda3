import {
  isTag,
  RegistryError,
  type Digest,
  type ListOptions,
  type OperationOptions,
  type RepositoryName,
  type Exclusion,
  type Tag,
  type TagOptions,
  type TagService,
} from '@purser/core';
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { batches } from './batches.ts';
import { eachOf } from './each-of.ts';
import type { LinkedContent } from './linked-content.ts';
import type { Links } from './links.ts';
import {
  layersPath,
  manifestsPath,
  repositoryPath,
  tagCurrentPath,
  tagIndexPath,
  tagPath,
  tagsPath,
  uploadsPath,
} from './paths.ts';
import { requireDeletion, type Policy } from './policy.ts';
import type { Walks } from './walks.ts';

export interface TagStoreOptions {
  readonly driver: StorageDriver;
  readonly links: Links;
  readonly name: RepositoryName;
  /** The repository's manifests. */
  readonly revisions: LinkedContent;
  readonly policy: Policy;
  /** How many tags are read at a time in a search. */
  readonly reads: number;
  /** Holds tags that are being moved under a condition, in all repositories. */
  readonly moving: Exclusion;
  readonly walks: Walks;
}

/** The tags of one repository: a directory each, with a link to what it names now and one to all it ever named. */
export class TagStore implements TagService {
  readonly #driver: StorageDriver;
  readonly #links: Links;
  readonly #name: RepositoryName;
  readonly #revisions: LinkedContent;
  readonly #policy: Policy;
  readonly #reads: number;
  readonly #moving: Exclusion;
  readonly #walks: Walks;

  constructor(options: TagStoreOptions) {
    const { driver, links, name, revisions, policy, reads, moving, walks } = options;
    this.#driver = driver;
    this.#links = links;
    this.#name = name;
    this.#revisions = revisions;
    this.#policy = policy;
    this.#reads = reads;
    this.#moving = moving;
    this.#walks = walks;
  }

  get(tag: Tag, options?: OperationOptions): Promise<Digest | undefined> {
    return this.#links.read(tagCurrentPath(this.#name, tag), options);
  }

  async tag(tag: Tag, digest: Digest, { allow, ...options }: TagOptions = {}): Promise<void> {
    if (allow === undefined) return this.#move(tag, digest, options);
    const release = await this.#moving.acquire(tagPath(this.#name, tag), options);
    try {
      const current = await this.get(tag, options);
      if (!allow(current)) {
        throw new RegistryError('PRECONDITION_FAILED', {
          message: `the tag ${tag} does not name what was expected`,
          detail: { current: current ?? null },
        });
      }
      await this.#move(tag, digest, options);
    } finally {
      release();
    }
  }

  async untag(tag: Tag, options?: OperationOptions): Promise<void> {
    requireDeletion(this.#policy);
    try {
      await this.#driver.delete(tagPath(this.#name, tag), options);
    } catch (error) {
      if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
      throw new RegistryError('MANIFEST_UNKNOWN', { detail: { tag }, cause: error });
    }
  }

  list({ limit, ...options }: ListOptions = {}): AsyncIterable<Tag> {
    return eachOf(this.#pages(options), limit);
  }

  async *lookup(digest: Digest, options?: OperationOptions): AsyncIterable<Tag> {
    using walk = this.#walks.begin(options);
    try {
      for await (const page of this.#pages(options ?? {})) {
        for (const tags of batches(page, this.#reads)) {
          await walk.look(tags.length);
          const digests = await Promise.all(tags.map((tag) => this.get(tag, options)));
          yield* tags.filter((_, index) => digests[index] === digest);
        }
      }
    } catch (error) {
      if (!RegistryError.is(error, 'NAME_UNKNOWN')) throw error;
    }
  }

  async *#pages({ after, signal }: Omit<ListOptions, 'limit'>): AsyncIterable<readonly Tag[]> {
    try {
      for await (const page of this.#driver.list(tagsPath(this.#name), { after, signal })) {
        yield page.map(({ name }) => name).filter(isTag);
      }
    } catch (error) {
      if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
      await this.#checkExists({ signal });
    }
  }

  async #move(tag: Tag, digest: Digest, options: OperationOptions): Promise<void> {
    const write = () =>
      Promise.all([
        this.#links.write(tagIndexPath(this.#name, tag, digest), digest, options),
        this.#links.write(tagCurrentPath(this.#name, tag), digest, options),
      ]);
    await this.#revisions.granting(digest, write, options);
  }

  /** A repository without tags exists when it has ever had anything; a mere parent of others has not. */
  async #checkExists(options: OperationOptions): Promise<void> {
    const traces = [
      manifestsPath(repositoryPath(this.#name)),
      layersPath(this.#name),
      uploadsPath(this.#name),
    ];
    const found = await Promise.all(traces.map((path) => this.#driver.stat(path, options)));
    if (found.some((info) => info !== undefined)) return;
    throw new RegistryError('NAME_UNKNOWN', { detail: { name: this.#name } });
  }
}
