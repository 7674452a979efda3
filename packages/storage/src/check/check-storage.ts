import type { ManifestDecoder, OperationOptions, RepositoryName } from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import { listNames } from '../catalog.ts';
import type { Clock } from '../garbage/clock.ts';
import { blobDataPath } from '../paths.ts';
import type { ReferencePolicy } from '../policy.ts';
import { translateErrors } from '../translate-errors.ts';
import { ByteRate } from './byte-rate.ts';
import { checkRepository, type HurtImages } from './check-repository.ts';
import type { AffectedImage, Finding } from './finding.ts';
import { Quarantine } from './quarantine.ts';
import { StoredContent } from './stored-content.ts';

/** How far a check has come. */
export interface CheckProgress {
  readonly blobs: number;
  /** Bytes of all blobs that were found. */
  readonly totalBytes: number;
  /** Bytes read of them; `deep` reads all. */
  readonly bytes: number;
  readonly repositories: number;
}

export interface CheckStorageOptions extends OperationOptions {
  readonly driver: StorageDriver;
  /** Reads manifests; of one that it does not know only its bytes are checked. */
  readonly decoder: ManifestDecoder;
  /**
   * References of a repository's manifests that must be present; a missing one that is not required is no damage. Pass the
   * policy of pushes; for a pull-through cache, none. Default: all.
   */
  readonly references?: ((repository: RepositoryName) => ReferencePolicy) | undefined;
  /** Whether the bytes of every blob are read and hashed. Default `false`: only those of manifests. */
  readonly deep?: boolean | undefined;
  /** The most bytes read in a second by `deep`, on average. Default: no bound. */
  readonly bytesPerSecond?: number | undefined;
  /** Whether what is broken is put aside, and written anew where storage knows what it was. Default `false`. */
  readonly repair?: boolean | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
}

/**
 * Looks for everything in storage that cannot be what was written, and tells which images it hurts. It may run while the
 * registry serves. Content that is broken is told at the end, when all images are known that need it.
 */
export async function* checkStorage(options: CheckStorageOptions): AsyncIterable<Finding> {
  const { signal, repair = false } = options;
  const driver = translateErrors(options.driver);
  const content = new StoredContent(driver);
  const quarantine = repair ? new Quarantine(driver, content, Date.now()) : undefined;
  for await (const finding of findAll(options, { driver, content })) {
    yield { ...finding, repair: await quarantine?.repair(finding, { signal }) };
  }
}

async function* findAll(
  options: CheckStorageOptions,
  { driver, content }: { readonly driver: StorageDriver; readonly content: StoredContent },
): AsyncIterable<Finding> {
  const { decoder, deep = false, bytesPerSecond = Infinity, clock, signal } = options;
  const { references = () => ({}) } = options;
  const progress = { blobs: 0, totalBytes: 0, bytes: 0, repositories: 0 };
  const tell = () => options.onProgress?.({ ...progress });

  yield* content.look({
    rate: deep ? new ByteRate(bytesPerSecond, clock) : undefined,
    onBlob(size) {
      progress.blobs++;
      progress.totalBytes += size;
      tell();
    },
    onBytes(bytes) {
      progress.bytes += bytes;
      tell();
    },
    signal,
  });
  const hurt: HurtImages = new Map();
  for await (const name of listNames(driver, { signal })) {
    yield* checkRepository(name, {
      driver,
      decoder,
      content,
      references: references(name),
      hurt,
      signal,
    });
    progress.repositories++;
    tell();
  }
  for (const [digest, problem] of content.broken()) {
    const images = unique(hurt.get(digest) ?? []);
    yield { path: blobDataPath(digest), problem, digests: [digest], images };
  }
}

/** An image that needs something by two names is one. */
function unique(images: readonly AffectedImage[]): readonly AffectedImage[] {
  const byName = images.map((image) => [`${image.repository}@${image.digest}`, image] as const);
  return [...new Map(byName).values()];
}
