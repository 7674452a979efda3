import {
  algorithmOf,
  CANONICAL_ALGORITHM,
  isSupportedDigest,
  type Digest,
  type ManifestDecoder,
  type RepositoryName,
} from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import {
  layerLinkPath,
  layersPath,
  referrerPath,
  repositoryPath,
  revisionLinkPath,
} from '../paths.ts';
import { placeOf } from '../place.ts';
import {
  filesBelow,
  readManifest,
  readRevisionLinks,
  targetOf,
  type ReadManifest,
  type RevisionLinks,
  type SignatureLink,
} from './revisions.ts';
import { readCurrentTags, readTagHistory } from './tag-links.ts';

/** A link that nothing in its repository needs. */
export interface UnneededLink {
  readonly repository: RepositoryName;
  readonly kind: 'manifest' | 'blob' | 'signature';
  /** What the link is named by. */
  readonly name: Digest;
  /** What goes with it: the directory of the link, entries that speak of it. */
  readonly paths: readonly string[];
}

export interface RepositoryMark {
  /** The sha256 of everything that the repository needs. */
  readonly needed: ReadonlySet<Digest>;
  /** How many of these are manifests. */
  readonly manifests: number;
  readonly unneeded: ReadonlyMap<Digest, readonly UnneededLink[]>;
  /** What goes with a manifest that nothing needs, and stays with it. */
  readonly dependents: ReadonlyMap<Digest, readonly Digest[]>;
  /** What cannot be read: then nothing of the repository is taken for garbage. */
  readonly damaged: readonly string[];
  /** Whether nothing is linked as a manifest, nor as a signature of one. */
  readonly isWithoutManifests: boolean;
}

export interface MarkOptions {
  readonly driver: StorageDriver;
  readonly decoder: ManifestDecoder;
  /** Whether a manifest must be tagged, or belong to one that is. */
  readonly deleteUntagged: boolean;
  /** What may be garbage; anything, when absent. A manifest that may not be is needed. */
  readonly only?: ReadonlySet<Digest> | undefined;
}

/** How many manifests are read at a time. */
const CONCURRENCY = 16;

/** Finds what one repository needs, and which of its links it does not. Holds the digests of that repository. */
export async function markRepository(
  name: RepositoryName,
  options: MarkOptions,
): Promise<RepositoryMark> {
  const mark = new Mark(name, options);
  await mark.run();
  return mark;
}

class Mark implements RepositoryMark {
  readonly needed = new Set<Digest>();
  readonly unneeded = new Map<Digest, UnneededLink[]>();
  readonly dependents = new Map<Digest, Digest[]>();
  readonly damaged: string[] = [];
  manifests = 0;
  readonly #name: RepositoryName;
  readonly #options: MarkOptions;
  #links: RevisionLinks = { names: new Map(), signatures: new Map() };
  readonly #read = new Map<Digest, ReadManifest>();
  /** By the sha256 of their subject. */
  readonly #referrers = new Map<Digest, Digest[]>();
  readonly #aliases = new Map<Digest, Digest>();

  constructor(name: RepositoryName, options: MarkOptions) {
    this.#name = name;
    this.#options = options;
  }

  get isWithoutManifests(): boolean {
    return this.#links.names.size === 0 && this.#links.signatures.size === 0;
  }

  async run(): Promise<void> {
    const { driver, deleteUntagged } = this.#options;
    // Before the manifests: one that is tagged after this was pushed or claimed after it, too.
    const tagged = deleteUntagged ? await this.#tagged() : new Set<Digest>();
    this.#links = await readRevisionLinks(driver, this.#name);
    await this.#readManifests();
    await this.#resolveAliases();
    const roots = [...this.#links.names].filter(([name, digest]) =>
      this.#isRoot(name, digest, tagged),
    );
    for (const [name] of roots) this.#keep(name);
    if (this.damaged.length > 0) for (const name of this.#links.names.keys()) this.#keep(name);
    for (const digest of this.needed) if (this.#read.has(digest)) this.manifests++;
    await this.#findUnneededManifests();
    await this.#findUnneededBlobs();
  }

  #isRoot(name: Digest, digest: Digest | undefined, tagged: ReadonlySet<Digest>): boolean {
    const { deleteUntagged, only } = this.#options;
    if (!deleteUntagged || tagged.has(name)) return true;
    return digest === undefined || tagged.has(digest) || only?.has(digest) === false;
  }

  async #tagged(): Promise<ReadonlySet<Digest>> {
    const { tagged, broken } = await readCurrentTags(this.#options.driver, this.#name);
    this.damaged.push(...broken);
    return tagged;
  }

  async #readManifests(): Promise<void> {
    const { driver, decoder } = this.#options;
    const digests = new Set<Digest>();
    for (const [name, digest] of this.#links.names) {
      if (digest === undefined) this.damaged.push(revisionLinkPath(this.#name, name));
      else digests.add(digest);
    }
    const remaining = [...digests];
    while (remaining.length > 0) {
      const batch = remaining.splice(0, CONCURRENCY);
      const manifests = await Promise.all(
        batch.map((digest) => readManifest(driver, decoder, digest)),
      );
      for (const [index, digest] of batch.entries()) this.#add(digest, manifests[index]);
    }
  }

  #add(digest: Digest, manifest: ReadManifest | undefined): void {
    if (manifest === undefined) {
      this.damaged.push(revisionLinkPath(this.#name, digest));
      return;
    }
    this.#read.set(digest, manifest);
  }

  /** What is kept by its sha256 may be referred to by another digest: then a link of the repository says by which. */
  async #resolveAliases(): Promise<void> {
    for (const [name, digest] of this.#links.names) {
      if (digest !== undefined) this.#aliases.set(name, digest);
    }
    for (const name of new Set([...this.#read.values()].flatMap(({ references }) => references))) {
      if (this.#resolve(name) === undefined && isSupportedDigest(name)) await this.#readAlias(name);
    }
    for (const [referrer, { subject }] of this.#read) {
      const digest = subject && this.#resolve(subject);
      if (digest !== undefined) append(this.#referrers, digest, referrer);
    }
  }

  async #readAlias(name: Digest): Promise<void> {
    const { driver } = this.#options;
    const path = layerLinkPath(this.#name, name);
    const digest = await targetOf(driver, path, name);
    if (digest !== undefined) this.#aliases.set(name, digest);
    else if ((await driver.stat(path)) !== undefined) this.damaged.push(path);
  }

  /** Keeps what is named so, and what needs it to be: what it refers to, and what refers to it as its subject. */
  #keep(name: Digest): void {
    const queue = [name];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const digest = this.#resolve(next);
      if (digest === undefined || this.needed.has(digest)) continue;
      this.needed.add(digest);
      queue.push(...this.#dependentsOf(digest));
      for (const { digest: signature } of this.#signaturesOf(digest)) this.needed.add(signature);
    }
  }

  #resolve(name: Digest): Digest | undefined {
    return isCanonical(name) ? name : this.#aliases.get(name);
  }

  #signaturesOf(digest: Digest): readonly SignatureLink[] {
    return this.#links.signatures.get(digest) ?? [];
  }

  #dependentsOf(digest: Digest): readonly Digest[] {
    const references = this.#read.get(digest)?.references ?? [];
    const referrers = this.#referrers.get(digest) ?? [];
    // What has its subject as a member needs it, and not the other way round.
    const free = referrers.filter((referrer) => !this.#refersTo(referrer, digest));
    return [...references, ...free];
  }

  #refersTo(referrer: Digest, digest: Digest): boolean {
    const references = this.#read.get(referrer)?.references ?? [];
    return references.some((name) => this.#resolve(name) === digest);
  }

  async #findUnneededManifests(): Promise<void> {
    const gone = [...this.#links.names].flatMap(([name, digest]) =>
      digest === undefined || !this.#isGarbage(digest) ? [] : [{ name, digest }],
    );
    const history =
      gone.length > 0 ? await readTagHistory(this.#options.driver, this.#name) : new Map();
    for (const { name, digest } of gone) {
      const subject = this.#read.get(digest)?.subject;
      const entry = subject === undefined ? [] : [referrerPath(this.#name, subject, name)];
      const directory = parentOf(revisionLinkPath(this.#name, name));
      this.#addUnneeded(digest, 'manifest', {
        name,
        paths: [directory, ...entry, ...(history.get(name) ?? [])],
      });
      const dependents = this.#dependentsOf(digest).map((dependent) => this.#resolve(dependent));
      this.dependents.set(
        digest,
        dependents.filter((dependent) => dependent !== undefined),
      );
    }
    for (const { digest, path } of [...this.#links.signatures.values()].flat()) {
      if (!this.#isGarbage(digest)) continue;
      this.#addUnneeded(digest, 'signature', { name: digest, paths: [parentOf(path)] });
    }
  }

  async #findUnneededBlobs(): Promise<void> {
    const { driver } = this.#options;
    const repository = repositoryPath(this.#name);
    for await (const path of filesBelow(driver, layersPath(this.#name))) {
      const place = placeOf(path.slice(repository.length + 1));
      if (place?.kind !== 'layer') continue;
      const name = place.digest;
      const digest = await targetOf(driver, path, name);
      if (digest === undefined) continue;
      if (this.damaged.length > 0) this.needed.add(digest);
      if (!this.#isGarbage(digest)) continue;
      this.#addUnneeded(digest, 'blob', { name, paths: [parentOf(path)] });
    }
  }

  #isGarbage(digest: Digest): boolean {
    return !this.needed.has(digest) && this.#options.only?.has(digest) !== false;
  }

  #addUnneeded(
    digest: Digest,
    kind: UnneededLink['kind'],
    { name, paths }: Pick<UnneededLink, 'name' | 'paths'>,
  ): void {
    append(this.unneeded, digest, { repository: this.#name, kind, name, paths });
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function isCanonical(digest: Digest): boolean {
  return algorithmOf(digest) === CANONICAL_ALGORITHM;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
