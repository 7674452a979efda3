import {
  algorithmOf,
  canonicalBytes,
  CANONICAL_ALGORITHM,
  describeManifest,
  digestOf,
  isDigest,
  parseDescriptor,
  RegistryError,
  type Descriptor,
  type Digest,
  type ListReferrersOptions,
  type Manifest,
  type ManifestService,
  type OperationOptions,
  type ReferrerService,
  type RepositoryName,
} from '@purser/core';
import { DriverError, entriesOf, type StorageDriver } from '@purser/storage-driver';
import { digestsLinkedBelow } from './links.ts';
import { referrerPath, referrersCompletePath, referrersPath, revisionsPath } from './paths.ts';

export interface ReferrerIndexOptions {
  readonly driver: StorageDriver;
  readonly name: RepositoryName;
  readonly manifests: ManifestService;
}

/**
 * What refers to which manifest: a file for each referrer, below its subject, that holds the referrer's descriptor.
 *
 * An entry is written before its manifest is linked and counts only while that link is there; so a crash at any moment,
 * or a deletion by distribution, leaves the list right. What another registry pushed is found once, at the first
 * question to the repository.
 */
export class ReferrerIndex implements ReferrerService {
  readonly #driver: StorageDriver;
  readonly #name: RepositoryName;
  readonly #manifests: ManifestService;

  constructor({ driver, name, manifests }: ReferrerIndexOptions) {
    this.#driver = driver;
    this.#name = name;
    this.#manifests = manifests;
  }

  async *list(
    subject: Digest,
    { artifactType, after, limit = Infinity, signal }: ListReferrersOptions = {},
  ): AsyncIterable<Descriptor> {
    if (limit <= 0) return;
    await this.#complete({ signal });
    let remaining = limit;
    for await (const path of this.#entries(subject, { after, signal })) {
      const referrer = await this.#read(path, { signal });
      if (referrer === undefined) continue;
      if (artifactType !== undefined && referrer.artifactType !== artifactType) continue;
      yield referrer;
      if (--remaining <= 0) return;
    }
  }

  /** Notes a manifest that is about to be linked; nothing, when it has no subject. */
  async add(manifest: Manifest, digest: Digest, options?: OperationOptions): Promise<void> {
    const subject = manifest.subject?.digest;
    if (subject === undefined) return;
    const content = Buffer.from(JSON.stringify(describeManifest(manifest, digest)));
    await this.#driver.putContent(this.#entryPath(subject, digest), content, options);
  }

  /** Forgets a manifest whose link is gone. */
  async remove({ subject }: Manifest, digest: Digest, options?: OperationOptions): Promise<void> {
    if (subject === undefined) return;
    const path = this.#entryPath(subject.digest, digest);
    await this.#driver.delete(path, options).catch(ignoreMissing);
  }

  /** Looks once through the repository, since another registry may have written to it. */
  async #complete(options: OperationOptions): Promise<void> {
    const marker = referrersCompletePath(this.#name);
    if ((await this.#driver.stat(marker, { ...options, only: 'file' })) === undefined)
      await this.rebuild(options);
  }

  /**
   * Looks at every manifest of the repository, and notes what refers to others.
   *
   * @returns How many manifests there are.
   */
  async rebuild(options: OperationOptions = {}): Promise<number> {
    const digests = await this.#revisions(options);
    const aliased = new Set<Digest>();
    // Other algorithms first: what was pushed by one has a sha256 link as well, which nobody pushed.
    for (const digest of digests.toSorted(canonicalLast)) {
      const manifest = await this.#manifests.get(digest, options).catch(ignoreUnknown);
      if (manifest === undefined || aliased.has(digest)) continue;
      if (!isCanonical(digest)) aliased.add(digestOf(canonicalBytes(manifest)));
      await this.add(manifest, digest, options);
    }
    if (digests.length > 0) {
      await this.#driver.putContent(referrersCompletePath(this.#name), Buffer.from(''), options);
    }
    return digests.length;
  }

  async #revisions(options: OperationOptions): Promise<readonly Digest[]> {
    try {
      return await digestsLinkedBelow(this.#driver, revisionsPath(this.#name), options);
    } catch (error) {
      ignoreMissing(error);
      return [];
    }
  }

  async *#entries(
    subject: Digest,
    { after, signal }: { after: string | undefined; signal: AbortSignal | undefined },
  ): AsyncIterable<string> {
    const options = { after: after?.replace(':', '-'), signal };
    try {
      const pages = this.#driver.list(referrersPath(this.#name, subject), options);
      for await (const { path } of entriesOf(pages)) yield path;
    } catch (error) {
      ignoreMissing(error);
    }
  }

  /** An entry whose manifest is gone, or that a crash cut off, is none. */
  async #read(path: string, options: OperationOptions): Promise<Descriptor | undefined> {
    const digest = path.slice(path.lastIndexOf('/') + 1).replace('-', ':');
    if (!isDigest(digest) || !(await this.#manifests.exists(digest, options))) return undefined;
    try {
      const content = await this.#driver.getContent(path, options);
      return parseDescriptor(JSON.parse(Buffer.from(content).toString()), 'referrer');
    } catch (error) {
      if (error instanceof SyntaxError || RegistryError.is(error, 'MANIFEST_INVALID')) {
        return describeManifest(await this.#manifests.get(digest, options), digest);
      }
      ignoreMissing(error);
      return undefined;
    }
  }

  #entryPath(subject: Digest, referrer: Digest): string {
    return referrerPath(this.#name, subject, referrer);
  }
}

function isCanonical(digest: Digest): boolean {
  return algorithmOf(digest) === CANONICAL_ALGORITHM;
}

function canonicalLast(left: Digest, right: Digest): number {
  return Number(isCanonical(left)) - Number(isCanonical(right));
}

/** Keeps an index while manifests come and go. The entry comes before the manifest, and goes after it. */
export function indexReferrers(manifests: ManifestService, index: ReferrerIndex): ManifestService {
  return {
    exists: (digest, options) => manifests.exists(digest, options),
    get: (digest, options) => manifests.get(digest, options),
    async put(manifest, options = {}) {
      await index.add(manifest, options.digest ?? digestOf(canonicalBytes(manifest)), options);
      return manifests.put(manifest, options);
    },
    async delete(digest, options) {
      const manifest = await manifests.get(digest, options).catch(ignoreUnknown);
      await manifests.delete(digest, options);
      if (manifest !== undefined) await index.remove(manifest, digest, options);
    },
  };
}

function ignoreMissing(error: unknown): void {
  if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
}

function ignoreUnknown(error: unknown): undefined {
  if (!RegistryError.is(error, 'MANIFEST_UNKNOWN')) throw error;
}
