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
import { DriverError, type StorageDriver } from '@purser/storage-driver';
import { batches } from './batches.ts';
import { DigestTable } from './digest-table.ts';
import { digestsLinkedBelow } from './links.ts';
import { referrerPath, referrersCompletePath, referrersPath, revisionsPath } from './paths.ts';
import type { Walks } from './walks.ts';

export interface ReferrerIndexOptions {
  readonly driver: StorageDriver;
  readonly name: RepositoryName;
  readonly manifests: ManifestService;
  readonly walks: Walks;
  /** Repositories that are being looked through, each with the number of its manifests to come. */
  readonly rebuilds: Map<RepositoryName, Promise<number>>;
}

/** Maximum number of referrers that are read at a time. */
const READS = 16;
/** Bytes of an entry that cost as much as one more entry. A client chooses the annotations, which can fill a manifest. */
const ENTRY_SIZE = 8 * 1024;

interface WeighedEntry {
  readonly digest: Digest;
  /** The number of small entries that cost as much. */
  readonly price: number;
}

interface EntryGroup {
  readonly entries: Digest[];
  price: number;
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
  readonly #walks: Walks;
  readonly #rebuilds: ReferrerIndexOptions['rebuilds'];

  constructor({ driver, name, manifests, walks, rebuilds }: ReferrerIndexOptions) {
    this.#driver = driver;
    this.#name = name;
    this.#manifests = manifests;
    this.#walks = walks;
    this.#rebuilds = rebuilds;
  }

  async *list(
    subject: Digest,
    { artifactType, limit = Infinity, ...options }: ListReferrersOptions = {},
  ): AsyncIterable<Descriptor> {
    if (limit <= 0) return;
    await this.#complete(options);
    let remaining = limit;
    for await (const referrers of this.#pages(subject, options)) {
      for (const referrer of referrers) {
        if (artifactType !== undefined && referrer.artifactType !== artifactType) continue;
        yield referrer;
        if (--remaining <= 0) return;
      }
    }
  }

  /**
   * Reads referrers, some at a time, as far as the budget goes. A large one counts as several, and those that are large
   * enough make the listing a long walk.
   */
  async *#pages(
    subject: Digest,
    { budget, ...options }: ListReferrersOptions,
  ): AsyncIterable<readonly Descriptor[]> {
    using walk = this.#walks.begin(options);
    let remaining = budget?.entries ?? Infinity;
    let position: Digest | undefined;
    for await (const digests of this.#entries(subject, options)) {
      for (const { entries, price } of groupEntries(await this.#weigh(subject, digests, options))) {
        if (remaining <= 0) return budget?.onSpent(position!);
        await walk.look(price - entries.length);
        const affordable = entries.slice(0, remaining);
        const referrers = await Promise.all(
          affordable.map((digest) => this.#read(subject, digest, options)),
        );
        yield referrers.filter((referrer) => referrer !== undefined);
        remaining -= price;
        position = affordable.at(-1);
        if (affordable.length < entries.length) return budget?.onSpent(position!);
      }
    }
  }

  async #weigh(
    subject: Digest,
    digests: readonly Digest[],
    options: OperationOptions,
  ): Promise<readonly WeighedEntry[]> {
    return Promise.all(
      digests.map(async (digest) => {
        const path = this.#entryPath(subject, digest);
        const file = await this.#driver.stat(path, { ...options, only: 'file' });
        return { digest, price: Math.max(1, Math.ceil((file?.size ?? 0) / ENTRY_SIZE)) };
      }),
    );
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
    if ((await this.#driver.stat(marker, { ...options, only: 'file' })) !== undefined) return;
    let rebuild = this.#rebuilds.get(this.#name);
    if (rebuild === undefined) {
      // Several calls wait for it: no signal of one of them ends it.
      rebuild = this.rebuild().finally(() => this.#rebuilds.delete(this.#name));
      this.#rebuilds.set(this.#name, rebuild);
    }
    await rebuild;
  }

  /**
   * Looks at every manifest of the repository, and notes what refers to others.
   *
   * @returns How many manifests there are.
   */
  async rebuild(options: OperationOptions = {}): Promise<number> {
    using walk = this.#walks.begin(options);
    const digests = await this.#revisions(options);
    const aliased = new Set<Digest>();
    // Other algorithms first: what was pushed by one has a sha256 link as well, which nobody pushed.
    for (const digest of canonicalLast(digests)) {
      await walk.look(1);
      const manifest = await this.#manifests.get(digest, options).catch(ignoreUnknown);
      if (manifest === undefined || aliased.has(digest)) continue;
      if (!isCanonical(digest)) aliased.add(digestOf(canonicalBytes(manifest)));
      await this.add(manifest, digest, options);
    }
    if (digests.size > 0) {
      await this.#driver.putContent(referrersCompletePath(this.#name), Buffer.from(''), options);
    }
    return digests.size;
  }

  async #revisions(options: OperationOptions): Promise<DigestTable> {
    try {
      return await digestsLinkedBelow(this.#driver, revisionsPath(this.#name), options);
    } catch (error) {
      ignoreMissing(error);
      return new DigestTable();
    }
  }

  /** The digests of which there are entries, some at a time. */
  async *#entries(
    subject: Digest,
    { after, signal }: ListReferrersOptions,
  ): AsyncIterable<readonly Digest[]> {
    const options = { after: after?.replace(':', '-'), signal };
    try {
      for await (const page of this.#driver.list(referrersPath(this.#name, subject), options)) {
        const digests = page.map(({ name }) => name.replace('-', ':')).filter(isDigest);
        yield* batches(digests, READS);
      }
    } catch (error) {
      ignoreMissing(error);
    }
  }

  /** An entry whose manifest is gone, or that a crash cut off, is none. */
  async #read(
    subject: Digest,
    digest: Digest,
    options: OperationOptions,
  ): Promise<Descriptor | undefined> {
    if (!(await this.#manifests.exists(digest, options))) return undefined;
    try {
      const content = await this.#driver.getContent(this.#entryPath(subject, digest), options);
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

/** Groups entries that are read at a time: as many as cost no more than `READS` small ones, and at least one. */
function groupEntries(weighed: readonly WeighedEntry[]): readonly EntryGroup[] {
  const groups: EntryGroup[] = [];
  for (const { digest, price } of weighed) {
    const last = groups.at(-1);
    if (last === undefined || last.price + price > READS) groups.push({ entries: [digest], price });
    else {
      last.entries.push(digest);
      last.price += price;
    }
  }
  return groups;
}

function isCanonical(digest: Digest): boolean {
  return algorithmOf(digest) === CANONICAL_ALGORITHM;
}

function* canonicalLast(digests: DigestTable): Generator<Digest, void> {
  for (const digest of digests) if (!isCanonical(digest)) yield digest;
  for (const digest of digests) if (isCanonical(digest)) yield digest;
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
