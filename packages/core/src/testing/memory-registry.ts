import { describeManifest } from '../describe-manifest.ts';
import type { Descriptor } from '../descriptor.ts';
import { digestOf, supportedAlgorithmOf, contentMismatch, type Digest } from '../digest.ts';
import { RegistryError } from '../errors.ts';
import {
  canonicalBytes,
  type Manifest,
  type ManifestService,
  type PutManifestOptions,
} from '../manifest.ts';
import type { ListOptions } from '../options.ts';
import type { ListReferrersOptions, ReferrerService } from '../referrer.ts';
import type { Registry, Repository } from '../registry.ts';
import type { RepositoryName } from '../repository-name.ts';
import type { RepositoryRemover } from '../repository-remover.ts';
import type { Tag, TagOptions, TagService } from '../tag.ts';
import { MemoryBlobs } from './memory-blobs.ts';

export interface MemoryRegistryOptions {
  /** Whether blobs, manifests and tags may be deleted. Default `true`. */
  readonly deletion?: boolean | undefined;
  /** Whether what a manifest refers to must be there when it is pushed. Default `true`. */
  readonly references?: boolean | undefined;
}

/** A whole registry in memory, for tests: it passes the same suite as the real ones. */
export function createMemoryRegistry(options: MemoryRegistryOptions = {}): Registry {
  const { deletion = true, references = true } = options;
  const repositories = new Map<RepositoryName, MemoryRepository>();

  function repository(name: RepositoryName): MemoryRepository {
    let found = repositories.get(name);
    if (found === undefined) {
      const blobs = new MemoryBlobs({
        deletion,
        sibling: (from) => repository(from).blobs,
        names: () => [...repositories.keys()],
      });
      found = new MemoryRepository(name, blobs, { deletion, references });
      repositories.set(name, found);
    }
    return found;
  }

  return {
    repository,
    repositories: (options) =>
      page(
        [...repositories.values()]
          .filter(({ manifests }) => manifests.holdsAny)
          .map(({ name }) => name)
          .sort(compareByComponent),
        { ...options, compare: compareByComponent },
      ),
  };
}

type Policy = Readonly<Required<{ [Key in keyof MemoryRegistryOptions]: boolean }>>;

class MemoryRepository implements Repository {
  readonly name: RepositoryName;
  readonly blobs: MemoryBlobs;
  readonly manifests: MemoryManifests;
  readonly tags: MemoryTags;
  readonly referrers: ReferrerService;
  readonly remover: RepositoryRemover;

  constructor(name: RepositoryName, blobs: MemoryBlobs, policy: Policy) {
    this.name = name;
    this.blobs = blobs;
    this.tags = new MemoryTags(policy.deletion, () => this.manifests.holdsAny || blobs.used);
    this.manifests = new MemoryManifests(this, policy);
    this.referrers = {
      list: (subject, options) => listReferrers(this.manifests.pushed(), subject, options),
    };
    this.remover = { remove: () => this.#remove(policy.deletion) };
  }

  async #remove(deletion: boolean): Promise<void> {
    if (!deletion) throw new RegistryError('UNSUPPORTED');
    if (!this.manifests.holdsAny && !this.blobs.used) throw new RegistryError('NAME_UNKNOWN');
    for (const part of [this.tags, this.manifests, this.blobs]) part.clear();
  }
}

class MemoryManifests implements ManifestService {
  readonly #manifests = new Map<Digest, Manifest>();
  readonly #pushed = new Set<Digest>();
  readonly #repository: MemoryRepository;
  readonly #policy: Policy;

  constructor(repository: MemoryRepository, policy: Policy) {
    this.#repository = repository;
    this.#policy = policy;
  }

  get holdsAny(): boolean {
    return this.#manifests.size > 0;
  }

  /** The manifests by the digests they were pushed by. */
  pushed(): readonly (readonly [Digest, Manifest])[] {
    return [...this.#manifests].filter(([digest]) => this.#pushed.has(digest));
  }

  clear(): void {
    this.#manifests.clear();
    this.#pushed.clear();
  }

  async exists(digest: Digest): Promise<boolean> {
    return this.#manifests.has(digest);
  }

  async get(digest: Digest): Promise<Manifest> {
    const manifest = this.#manifests.get(digest);
    if (manifest === undefined) throw new RegistryError('MANIFEST_UNKNOWN', { detail: { digest } });
    return manifest;
  }

  async put(manifest: Manifest, { digest, signal }: PutManifestOptions = {}): Promise<Digest> {
    signal?.throwIfAborted();
    const actual = digestOf(canonicalBytes(manifest), digest && supportedAlgorithmOf(digest));
    if (digest !== undefined && digest !== actual) throw contentMismatch(digest);
    if (this.#policy.references) await this.#checkReferences(manifest);
    this.#manifests.set(actual, manifest);
    this.#manifests.set(digestOf(canonicalBytes(manifest)), manifest);
    this.#pushed.add(actual);
    return actual;
  }

  async delete(digest: Digest): Promise<void> {
    if (!this.#policy.deletion) throw new RegistryError('UNSUPPORTED');
    await this.get(digest);
    for await (const tag of this.#repository.tags.lookup(digest)) {
      await this.#repository.tags.untag(tag);
    }
    this.#manifests.delete(digest);
  }

  async #checkReferences({ references }: Manifest): Promise<void> {
    const missing: RegistryError[] = [];
    for (const { kind, descriptor, foreign } of references) {
      const { digest } = descriptor;
      const found =
        foreign ||
        (kind === 'manifest'
          ? this.#manifests.has(digest)
          : (await this.#repository.blobs.stat(digest)) !== undefined);
      if (!found) missing.push(new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: { digest } }));
    }
    const [first, ...related] = missing;
    if (first) {
      throw new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: first.detail, related });
    }
  }
}

class MemoryTags implements TagService {
  readonly #tags = new Map<Tag, Digest>();
  readonly #deletion: boolean;
  readonly #exists: () => boolean;

  constructor(deletion: boolean, exists: () => boolean) {
    this.#deletion = deletion;
    this.#exists = exists;
  }

  clear(): void {
    this.#tags.clear();
  }

  async get(tag: Tag): Promise<Digest | undefined> {
    return this.#tags.get(tag);
  }

  async tag(tag: Tag, digest: Digest, { allow = () => true }: TagOptions = {}): Promise<void> {
    const current = this.#tags.get(tag);
    if (!allow(current)) throw new RegistryError('PRECONDITION_FAILED', { detail: { current } });
    this.#tags.set(tag, digest);
  }

  async untag(tag: Tag): Promise<void> {
    if (!this.#deletion) throw new RegistryError('UNSUPPORTED');
    if (!this.#tags.delete(tag)) throw new RegistryError('MANIFEST_UNKNOWN', { detail: { tag } });
  }

  async *list(options?: ListOptions): AsyncIterable<Tag> {
    if (!this.#exists()) throw new RegistryError('NAME_UNKNOWN');
    yield* page([...this.#tags.keys()].sort(compareText), { ...options, compare: compareText });
  }

  async *lookup(digest: Digest): AsyncIterable<Tag> {
    for (const tag of [...this.#tags.keys()].sort(compareText)) {
      if (this.#tags.get(tag) === digest) yield tag;
    }
  }
}

async function* listReferrers(
  manifests: readonly (readonly [Digest, Manifest])[],
  subject: Digest,
  { artifactType, after = '', limit = Infinity }: ListReferrersOptions = {},
): AsyncIterable<Descriptor> {
  yield* manifests
    .filter(([, manifest]) => manifest.subject?.digest === subject)
    .map(([digest, manifest]) => describeManifest(manifest, digest))
    .filter((referrer) => artifactType === undefined || referrer.artifactType === artifactType)
    .filter(({ digest }) => digest > after)
    .sort((left, right) => compareText(left.digest, right.digest))
    .slice(0, limit);
}

interface PageOptions extends ListOptions {
  readonly compare: (left: string, right: string) => number;
}

async function* page<T extends string>(
  sorted: readonly T[],
  { after, limit = Infinity, signal, compare }: PageOptions,
): AsyncIterable<T> {
  signal?.throwIfAborted();
  const rest = after === undefined ? sorted : sorted.filter((entry) => compare(entry, after) > 0);
  yield* rest.slice(0, limit);
}

/** Byte order; names and tags are ASCII. */
function compareText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** As `compareText`, with the slash before every other character. */
function compareByComponent(left: string, right: string): number {
  return compareText(left.replaceAll('/', '\0'), right.replaceAll('/', '\0'));
}
