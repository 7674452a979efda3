import {
  Exclusive,
  type BlobDescriptorCache,
  type Exclusion,
  type ManifestDecoder,
  type OperationOptions,
  type Registry,
  type RepositoryName,
} from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import { GlobalBlobStore } from './blob-store.ts';
import type { LeftoverReporter } from './blob-writer.ts';
import { isRepository, listRepositories } from './catalog.ts';
import type { DamageReporter } from './damage.ts';
import type { Clock } from './garbage/clock.ts';
import { Grants } from './garbage/grants.ts';
import { Links } from './links.ts';
import { ManifestMemory } from './manifest-memory.ts';
import { ReadVerification } from './read-verification.ts';
import { createRepository, type RepositoryParts } from './repository.ts';
import type { ReferencePolicy } from './policy.ts';
import { translateErrors } from './translate-errors.ts';
import {
  listUploads,
  purgeUploads,
  type PurgeUploadsOptions,
  type UnfinishedUpload,
} from './upload-purge.ts';
import { UploadSessions } from './uploads.ts';
import { Walks, type WalkLimits } from './walks.ts';

export interface RegistryOptions {
  readonly driver: StorageDriver;
  /** Reads what is stored; what it cannot decode is answered as unknown. */
  readonly decoder: ManifestDecoder;
  /** Whether blobs, manifests and tags may be deleted. Default `false`, as in distribution. */
  readonly deletion?: boolean | undefined;
  /** Whether whole repositories may be deleted, which needs `deletion` as well. Default `false`. */
  readonly repositoryDeletion?: boolean | undefined;
  /** How many tags are read at a time when those of a manifest are looked for. Default 16. */
  readonly tagReads?: number | undefined;
  /**
   * Bounds searches that look at more than 200 entries: for the tags of a deleted manifest, for a manifest's
   * references, for the referrers that another registry stored, and the deletion of a repository. A search without a place
   * in the queue fails with RegistryError `TOOMANYREQUESTS`.
   */
  readonly walks?: WalkLimits | undefined;
  /** What a manifest refers to and must be there when it is pushed. Default: all of it. */
  readonly references?: ReferencePolicy | undefined;
  /**
   * Remembers descriptors, to save reads. Its failures fail the calls that ask it. None by default.
   */
  readonly cache?: BlobDescriptorCache | undefined;
  /** The most bytes of manifests kept in memory. Default 16 MiB; 0 keeps none. */
  readonly manifestMemoryBytes?: number | undefined;
  /**
   * Shared by all processes that serve the store, so that one at a time writes to an upload session, and moves a tag under
   * a condition. Default: one of each process by itself.
   */
  readonly exclusion?: Exclusion | undefined;
  /**
   * Whether a blob is hashed while it is read whole, until this process has read it once to its end. Of one that is
   * damaged the last chunk is not given: the stream fails with RegistryError `BLOB_UNKNOWN`, `onDamage` is told, and the
   * blob is put into quarantine, so that it is absent and a push heals it. Parts, and what clients are sent elsewhere
   * for, are not verified. Default `true`: it costs one look at the size and the hashing of each blob once.
   */
  readonly verifyReads?: boolean | undefined;
  /** While writes are refused, what a read found to be damaged stays where it is. Default: they never are. */
  readonly writes?: { readonly areRefused: boolean } | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** Told of damaged links, uploads and content, which are otherwise treated as absent. */
  readonly onDamage?: DamageReporter | undefined;
  /** Called when an upload is over and its files could not be removed. `purgeUploads` removes them later. */
  readonly onLeftover?: LeftoverReporter | undefined;
}

/** A registry on a driver, with what its operator does. */
export interface StoredRegistry extends Registry {
  /** Whether the catalog lists a repository: true while it holds a manifest. */
  has(name: RepositoryName, options?: OperationOptions): Promise<boolean>;

  /** Lists every unfinished upload, by repository and id. */
  uploads(options?: OperationOptions): AsyncIterable<UnfinishedUpload>;

  /**
   * Removes uploads that nobody has gone on with for a while, and what a backend keeps for them; gives each as it is
   * removed. One that is being written to by this registry, or by another process within that while, stays.
   *
   * @see distribution, `storage.maintenance.uploadpurging`, which counts from the start of an upload.
   */
  purgeUploads(options: PurgeUploadsOptions): AsyncIterable<UnfinishedUpload>;
}

const DEFAULT_TAG_READS = 16;
const DEFAULT_MANIFEST_MEMORY = 16 * 1024 * 1024;

/**
 * A registry kept on a storage driver, in the layout of distribution. Opens nothing: the first call does.
 *
 * Several processes may use one store at the same time, and go on with each other's upload sessions. Two that may write to
 * one session at the same moment share an `exclusion`.
 */
export function createRegistry(options: RegistryOptions): StoredRegistry {
  const driver = translateErrors(options.driver);
  const report = options.onDamage ?? ignoreDamage;
  const exclusion = options.exclusion ?? new Exclusive();
  const parts: RepositoryParts = {
    driver,
    report,
    onLeftover: options.onLeftover ?? ignoreLeftover,
    decoder: options.decoder,
    cache: options.cache,
    policy: { deletion: options.deletion ?? false, references: options.references ?? {} },
    reads: options.tagReads ?? DEFAULT_TAG_READS,
    isRemovable: options.repositoryDeletion ?? false,
    links: new Links(driver, report),
    grants: new Grants(driver, options.clock),
    global: createGlobalStore(options, { driver, report }),
    memory: new ManifestMemory(options.manifestMemoryBytes ?? DEFAULT_MANIFEST_MEMORY),
    sessions: new UploadSessions(exclusion),
    moving: exclusion,
    walks: new Walks(options.walks),
    rebuilds: new Map(),
  };
  return {
    repository: (name) => createRepository(name, parts),
    repositories: (listOptions) => listRepositories(driver, parts.walks, listOptions),
    has: (name, statOptions) => isRepository(driver, name, statOptions),
    uploads: (listOptions) => listUploads(driver, listOptions),
    purgeUploads: (purge) => purgeUploads(driver, parts.sessions.held, purge),
  };
}

function createGlobalStore(
  { cache, verifyReads = true, writes }: RegistryOptions,
  { driver, report }: Pick<RepositoryParts, 'driver' | 'report'>,
): GlobalBlobStore {
  const verification = verifyReads ? new ReadVerification({ driver, report, writes }) : undefined;
  return new GlobalBlobStore(driver, { cache: cache?.global, verification });
}

function ignoreDamage(): void {}

function ignoreLeftover(): void {}
