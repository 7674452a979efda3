import {
  algorithmOf,
  CANONICAL_ALGORITHM,
  isSupportedDigest,
  type Digest,
  type ManifestDecoder,
  type RepositoryName,
  type Tag,
} from '@purser/core';
import type { StorageDriver } from '@purser/storage-driver';
import { DigestTable } from '../digest-table.ts';
import { NumberList } from '../number-list.ts';
import { layerLinkPath, revisionLinkPath } from '../paths.ts';
import { Turns } from '../turns.ts';
import { Edges } from '../edges.ts';
import type { Marks } from './marks.ts';
import { readAhead } from '../read-ahead.ts';
import { readLayerLinks } from './layer-links.ts';
import {
  decodeManifest,
  manifestContent,
  readRevisionLinks,
  targetOf,
  type ReadManifest,
} from './revisions.ts';
import { readCurrentTags, readTagHistory } from './tag-links.ts';

export interface RepositoryMark {
  /** Number of manifests that the repository needs. */
  readonly manifests: number;
  /** Paths that cannot be read: then nothing of the repository counts as garbage. */
  readonly damaged: readonly string[];
  /** Whether nothing is linked as a manifest, nor as a signature of one. */
  readonly isWithoutManifests: boolean;
}

export interface MarkOptions {
  readonly driver: StorageDriver;
  readonly decoder: ManifestDecoder;
  /** Whether a manifest must be tagged, or belong to one that is. */
  readonly deleteUntagged: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Manifests read ahead; each has at most a few MiB. */
const READ_AHEAD = 4;

/** Decoding this many bytes takes a millisecond or more. */
const LARGE_MANIFEST = 64 * 1024;

/**
 * Marks what one repository needs, and notes which of its links it does not. Holds numbers of what the repository
 * stores, and references of manifests that are not needed by themselves.
 */
export async function markRepository(
  name: RepositoryName,
  marks: Marks,
  options: MarkOptions,
): Promise<RepositoryMark> {
  const mark = new Mark(name, marks, options);
  await mark.run();
  return mark;
}

interface Signature {
  readonly number: number;
  readonly revision: Digest;
}

class Mark implements RepositoryMark {
  readonly damaged: string[] = [];
  manifests = 0;
  readonly #name: RepositoryName;
  readonly #marks: Marks;
  readonly #options: MarkOptions;
  readonly #turns = new Turns();
  /** Numbers of what a tag names, and what else tags name. */
  readonly #tagged = new Set<number | Digest>();
  /** Links to blobs, by the number of their content. */
  readonly #layers: number[] = [];
  /** Names of links to blobs that are not the sha256 of their content, by their place in `#layers`. */
  readonly #layerNames = new Map<number, Digest>();
  readonly #revisions = new DigestTable();
  readonly #signatures: Signature[] = [];
  /** The sha256 of what is named by another digest. */
  readonly #aliases = new Map<Digest, Digest>();
  readonly #edges = new Edges();
  /** The subject of a manifest, as a number plus one, by the number of the manifest's link. */
  readonly #subjects = new NumberList();
  readonly #unreadable = new Set<Digest>();
  /** Needed, and not yet asked for what they keep. */
  readonly #waiting: number[] = [];

  constructor(name: RepositoryName, marks: Marks, options: MarkOptions) {
    this.#name = name;
    this.#marks = marks;
    this.#options = options;
  }

  get isWithoutManifests(): boolean {
    return this.#revisions.size === 0 && this.#signatures.length === 0;
  }

  async run(): Promise<void> {
    this.#marks.beginRepository();
    // Before the manifests: one that is tagged after this was pushed or claimed after it, too.
    if (this.#options.deleteUntagged) await this.#findTagged();
    await this.#findLayers();
    await this.#findRevisions();
    const known = this.#marks.digests.size;
    await this.#readManifests(0);
    // A subject that is missing keeps its referrers as long as an index refers to it: look for such references.
    if (this.#marks.digests.size > known) await this.#readManifests(known);
    await this.#keepAll();
    await this.#noteManifests();
    this.#noteSignatures();
    await this.#noteBlobs();
  }

  async #findTagged(): Promise<void> {
    for await (const { link, named } of readCurrentTags(this.#options.driver, this.#name)) {
      if (named === undefined) this.damaged.push(link);
      else if (!isCanonical(named)) this.#tagged.add(named);
      else {
        const number = this.#marks.candidate(named);
        if (number !== undefined) this.#tagged.add(number);
      }
    }
  }

  async #findLayers(): Promise<void> {
    for await (const { name, target } of readLayerLinks(this.#options.driver, this.#name)) {
      if (target === undefined) continue;
      if (name !== target) this.#aliases.set(name, target);
      const number = this.#marks.candidate(target);
      if (number === undefined) continue;
      if (name !== target) this.#layerNames.set(this.#layers.length, name);
      this.#layers.push(number);
    }
  }

  async #findRevisions(): Promise<void> {
    for await (const link of readRevisionLinks(this.#options.driver, this.#name)) {
      if (link.kind === 'signature') this.#addSignature(link.name, link.revision);
      else this.#addRevision(link.name, link.target);
    }
  }

  #addRevision(name: Digest, target: Digest | undefined): void {
    this.#revisions.add(name);
    if (target === undefined) this.damaged.push(revisionLinkPath(this.#name, name));
    else {
      if (name !== target) this.#aliases.set(name, target);
      this.#marks.candidate(target);
    }
  }

  #addSignature(name: Digest, revision: Digest): void {
    const number = this.#marks.candidate(name);
    if (number !== undefined) this.#signatures.push({ number, revision });
    const manifest = this.#find(revision);
    if (number !== undefined && manifest !== undefined) this.#edges.add(manifest, number);
  }

  /** @param from Only references to this number and later ones count; earlier ones did before. */
  async #readManifests(from: number): Promise<void> {
    const { driver, decoder, signal } = this.#options;
    const read = async (link: number) => {
      const digest = this.#resolve(this.#revisions.at(link))!;
      return { link, digest, content: await manifestContent(driver, digest) };
    };
    for await (const { link, digest, content } of readAhead(this.#toRead(), READ_AHEAD, read)) {
      signal?.throwIfAborted();
      const manifest = content && decodeManifest(content, digest, decoder);
      if (manifest !== undefined) await this.#addManifest(link, manifest, from);
      else if (from === 0) this.damaged.push(revisionLinkPath(this.#name, digest));
      if (content !== undefined && content.byteLength > LARGE_MANIFEST) await this.#turns.pass();
    }
  }

  /** Links to manifests, one for each manifest. */
  *#toRead(): Iterable<number> {
    for (let link = 0; link < this.#revisions.size; link++) {
      const name = this.#revisions.at(link);
      const digest = this.#resolve(name);
      const isSecond = digest !== name && digest && this.#revisions.find(digest) !== undefined;
      if (digest !== undefined && !isSecond) yield link;
    }
  }

  async #addManifest(
    link: number,
    { references, subject }: ReadManifest,
    from: number,
  ): Promise<void> {
    const name = this.#revisions.at(link);
    const number = this.#find(name);
    const needed = await this.#findReferences(references);
    if (number === undefined || this.#isRoot(name, number)) {
      for (const one of needed) if (one >= from) this.#keep(one);
      return;
    }
    for (const one of needed) if (one >= from) this.#edges.add(number, one);
    if (subject !== undefined && from === 0) this.#addSubject(link, subject, needed);
  }

  /** A missing subject is noted too. What has its subject as a member needs it, and not the other way round. */
  #addSubject(link: number, subject: Digest, needed: readonly number[]): void {
    this.#subjects.set(link, this.#marks.digests.add(subject) + 1);
    const digest = this.#resolve(subject);
    const number = this.#find(this.#revisions.at(link));
    if (digest === undefined || number === undefined) return;
    const subjectNumber = this.#marks.digests.add(digest);
    if (!needed.includes(subjectNumber)) this.#edges.add(subjectNumber, number);
  }

  #isRoot(name: Digest, number: number): boolean {
    if (!this.#options.deleteUntagged || !this.#marks.isCandidate(number)) return true;
    return this.#tagged.has(number) || this.#tagged.has(name);
  }

  /** What of a manifest's references is stored, each once. */
  async #findReferences(references: readonly Digest[]): Promise<readonly number[]> {
    const found = new Set<number>();
    for (const name of references) {
      if (this.#resolve(name) === undefined && isSupportedDigest(name)) await this.#readAlias(name);
      const number = this.#find(name);
      if (number !== undefined) found.add(number);
    }
    return [...found];
  }

  /** What is kept by its sha256 may be referred to by another digest: then a link of the repository says by which. */
  async #readAlias(name: Digest): Promise<void> {
    const { driver } = this.#options;
    const path = layerLinkPath(this.#name, name);
    const digest = await targetOf(driver, path, name);
    if (digest !== undefined) this.#aliases.set(name, digest);
    else if (!this.#unreadable.has(name) && (await driver.stat(path)) !== undefined) {
      this.#unreadable.add(name);
      this.damaged.push(path);
    }
  }

  #find(name: Digest): number | undefined {
    const digest = this.#resolve(name);
    return digest === undefined ? undefined : this.#marks.digests.find(digest);
  }

  #resolve(name: Digest): Digest | undefined {
    return isCanonical(name) ? name : this.#aliases.get(name);
  }

  #keep(number: number): void {
    if (this.#marks.need(number)) this.#waiting.push(number);
  }

  /** Keeps roots, and what needs them to be: what they refer to, and what refers to them as its subject. */
  async #keepAll(): Promise<void> {
    for (const name of this.#revisions) {
      const number = this.#find(name);
      if (number === undefined) continue;
      if (this.damaged.length > 0 || this.#isRoot(name, number)) this.#keep(number);
    }
    if (this.damaged.length > 0) for (const number of this.#layers) this.#keep(number);
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      for (const kept of this.#edges.of(next)) {
        this.#keep(kept);
        await this.#turns.step();
      }
    }
  }

  async #noteManifests(): Promise<void> {
    const gone = new DigestTable();
    for (const name of this.#revisions) {
      const number = this.#find(name);
      if (number !== undefined && this.#marks.isUnneededHere(number)) gone.add(name);
      else this.manifests += isCanonical(name) ? 1 : 0;
    }
    const histories = await this.#historiesOf(gone);
    for (const [index, name] of gone.entries()) {
      const number = this.#find(name)!;
      const subject = this.#subjects.at(this.#revisions.find(name)!);
      const about = subject === 0 ? undefined : this.#marks.digestOf(subject - 1);
      const history = histories.get(index);
      this.#marks.unneeded.add(number, this.#name, { kind: 'manifest', name, about, history });
      for (const dependent of this.#edges.of(number)) {
        if (!this.#marks.isNeededHere(dependent)) this.#marks.dependents.add(number, dependent);
        await this.#turns.step();
      }
    }
  }

  async #historiesOf(gone: DigestTable): Promise<ReadonlyMap<number, readonly Tag[]>> {
    const histories = new Map<number, Tag[]>();
    if (gone.size === 0) return histories;
    for await (const { tag, digest } of readTagHistory(this.#options.driver, this.#name)) {
      const index = gone.find(digest);
      if (index === undefined) continue;
      const tags = histories.get(index);
      if (tags === undefined) histories.set(index, [tag]);
      else tags.push(tag);
    }
    return histories;
  }

  #noteSignatures(): void {
    for (const { number, revision } of this.#signatures) {
      if (!this.#marks.isUnneededHere(number)) continue;
      const name = this.#marks.digestOf(number);
      this.#marks.unneeded.add(number, this.#name, { kind: 'signature', name, about: revision });
    }
  }

  async #noteBlobs(): Promise<void> {
    for (const [place, number] of this.#layers.entries()) {
      await this.#turns.step();
      if (!this.#marks.isUnneededHere(number)) continue;
      const name = this.#layerNames.get(place) ?? this.#marks.digestOf(number);
      this.#marks.unneeded.add(number, this.#name, { kind: 'blob', name });
    }
  }
}

function isCanonical(digest: Digest): boolean {
  return algorithmOf(digest) === CANONICAL_ALGORITHM;
}
