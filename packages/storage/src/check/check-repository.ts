import type { Digest, ManifestReference, RepositoryName } from '@purser/core';
import { blobDataPath, revisionLinkPath } from '../paths.ts';
import { isRequired, type ReferencePolicy } from '../policy.ts';
import { AffectedImages } from './affected-images.ts';
import type { AffectedImage, Finding } from './finding.ts';
import { LinkTable, readLinkedManifests, type LinkedManifest } from './linked-manifests.ts';
import {
  readLinks,
  requiredReferences,
  type FoundLink,
  type RepositoryReader,
} from './read-repository.ts';
import type { StoredContent } from './stored-content.ts';

/** Images that need content which is broken, by that content. */
export type HurtImages = Map<Digest, AffectedImage[]>;

export interface CheckOptions extends RepositoryReader {
  readonly content: StoredContent;
  readonly references: ReferencePolicy;
  /** Gets the images of this repository that need broken content. */
  readonly hurt: HurtImages;
}

/**
 * Checks one repository. It is looked through again when something is wrong, since others may push and delete at the same
 * time, and only then for the images that need it.
 */
export async function* checkRepository(
  name: RepositoryName,
  options: CheckOptions,
): AsyncIterable<Finding> {
  const seen = new Set<string>();
  const first = new RepositoryLook(name, options, NO_IMAGES);
  for await (const finding of first.findings()) seen.add(keyOf(finding));
  if (seen.size === 0 && !first.hasBroken) return;
  const images = await AffectedImages.read(name, options);
  for await (const finding of new RepositoryLook(name, options, images).findings()) {
    if (seen.has(keyOf(finding))) yield finding;
  }
}

const NO_IMAGES: Pick<AffectedImages, 'of'> = { of: () => [] };

function keyOf({ path, problem }: Finding): string {
  return `${problem} ${path}`;
}

class RepositoryLook {
  /** Whether anything leads to content that is broken. */
  hasBroken = false;
  readonly #name: RepositoryName;
  readonly #options: CheckOptions;
  readonly #images: Pick<AffectedImages, 'of'>;
  readonly #layers = new LinkTable();
  readonly #revisions = new LinkTable();

  constructor(name: RepositoryName, options: CheckOptions, images: Pick<AffectedImages, 'of'>) {
    this.#name = name;
    this.#options = options;
    this.#images = images;
  }

  async *findings(): AsyncIterable<Finding> {
    for await (const found of readLinks(this.#name, this.#options)) {
      const { path } = found;
      const finding =
        found.place === undefined
          ? ({ path, problem: 'not part of a registry', digests: [], images: [] } as const)
          : await this.#checkLink(found);
      if (finding !== undefined) yield finding;
    }
    for await (const manifest of readLinkedManifests(this.#revisions, this.#options)) {
      yield* this.#checkManifest(manifest);
    }
  }

  async #checkLink({ path, place, target, problem }: FoundLink): Promise<Finding | undefined> {
    const named = 'digest' in place ? [place.digest] : [];
    if (problem !== undefined) {
      return { path, problem, digests: named, images: this.#images.of(...named) };
    }
    // What a tag has named is found by the repository's own links.
    if (target === undefined || place.kind === 'history') return undefined;
    return place.kind === 'tag'
      ? this.#checkTag(path, target)
      : this.#checkTarget(path, place, target);
  }

  async #checkTarget(
    path: string,
    { kind, digest }: Exclude<FoundLink['place'], { kind: 'tag' }>,
    target: Digest,
  ): Promise<Finding | undefined> {
    if (kind === 'layer') this.#layers.add(digest, target);
    if (kind === 'revision') this.#revisions.add(digest, target);
    const state = await this.#options.content.state(target, { signal: this.#options.signal });
    const affected = this.#images.of(digest, target);
    if (state?.problem !== undefined) this.#addHurt(target, affected);
    if (state !== undefined) return undefined;
    return { path, problem: 'linked content is missing', digests: [target], images: affected };
  }

  #checkTag(path: string, target: Digest): Finding | undefined {
    if (this.#revisions.has(target)) return undefined;
    const images = this.#images.of(target);
    return { path, problem: 'tag names no manifest', digests: [target], images };
  }

  async *#checkManifest({
    name,
    target,
    content,
    isSound,
  }: LinkedManifest): AsyncIterable<Finding> {
    if (!isSound) {
      this.#options.content.note(target, 'content does not match its digest');
      this.#addHurt(target, this.#images.of(name, target));
      return;
    }
    const missing: Digest[] = [];
    for (const reference of requiredReferences(content, this.#options.decoder)) {
      const finding = await this.#checkReference(reference);
      if (finding === 'missing') missing.push(reference.descriptor.digest);
      else if (finding !== undefined) yield finding;
    }
    if (missing.length === 0) return;
    yield {
      path: revisionLinkPath(this.#name, name),
      problem: 'manifest refers to what is missing',
      digests: missing,
      images: this.#images.of(name),
    };
  }

  async #checkReference(reference: ManifestReference): Promise<Finding | 'missing' | undefined> {
    const { content, references, signal } = this.#options;
    const { descriptor } = reference;
    const links = reference.kind === 'manifest' ? this.#revisions : this.#layers;
    const target = links.get(descriptor.digest);
    const state = target && (await content.state(target, { signal }));
    if (target === undefined || state === undefined) {
      return isRequired(reference, references) ? 'missing' : undefined;
    }
    if (state.problem !== undefined || state.size === descriptor.size) return undefined;
    return {
      path: blobDataPath(target),
      problem: 'content has another size than its manifest says',
      digests: [descriptor.digest],
      images: this.#images.of(descriptor.digest),
    };
  }

  #addHurt(target: Digest, images: readonly AffectedImage[]): void {
    this.hasBroken = true;
    const hurt = this.#options.hurt.get(target);
    if (hurt === undefined) this.#options.hurt.set(target, [...images]);
    else for (const image of images) hurt.push(image);
  }
}
