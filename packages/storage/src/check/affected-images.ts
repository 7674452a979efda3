import type { Digest, RepositoryName, Tag } from '@purser/core';
import { DigestTable } from '../digest-table.ts';
import { Edges } from '../edges.ts';
import type { AffectedImage } from './finding.ts';
import { LinkTable, readLinkedManifests } from './linked-manifests.ts';
import { readLinks, requiredReferences, type RepositoryReader } from './read-repository.ts';

/** Finds the images of a repository that need something. Holds numbers of what is linked, not references to what is not. */
export class AffectedImages {
  readonly #repository: RepositoryName;
  readonly #linked = new DigestTable();
  readonly #revisions = new Set<number>();
  /** From content to the manifests that refer to it. */
  readonly #users = new Edges();
  readonly #tags = new Map<number, Tag[]>();

  private constructor(repository: RepositoryName) {
    this.#repository = repository;
  }

  /** Looks through a whole repository. */
  static async read(name: RepositoryName, options: RepositoryReader): Promise<AffectedImages> {
    const images = new AffectedImages(name);
    await images.#readManifests(await images.#readLinks(options), options);
    return images;
  }

  /** The manifest of this digest, and every manifest that refers to it, directly or not. */
  of(...digests: readonly Digest[]): readonly AffectedImage[] {
    const found = new Set<number>();
    for (const digest of digests) {
      const number = this.#linked.find(digest);
      if (number !== undefined) found.add(number);
    }
    for (const number of found) for (const user of this.#users.of(number)) found.add(user);
    return [...found]
      .filter((number) => this.#revisions.has(number) || this.#tags.has(number))
      .map((number) => ({
        repository: this.#repository,
        digest: this.#linked.at(number),
        tags: this.#tags.get(number) ?? [],
      }));
  }

  async #readLinks(options: RepositoryReader): Promise<LinkTable> {
    const revisions = new LinkTable();
    for await (const found of readLinks(this.#repository, options)) {
      if (found.place === undefined || found.place.kind === 'history') continue;
      const { place, target } = found;
      if (place.kind === 'tag') {
        if (target !== undefined) this.#addTag(place.tag, target);
        continue;
      }
      const number = this.#linked.add(place.digest);
      if (place.kind !== 'revision') continue;
      this.#revisions.add(number);
      if (target !== undefined) revisions.add(place.digest, target);
    }
    return revisions;
  }

  #addTag(tag: Tag, target: Digest): void {
    const number = this.#linked.add(target);
    const tags = this.#tags.get(number);
    if (tags === undefined) this.#tags.set(number, [tag]);
    else tags.push(tag);
  }

  async #readManifests(revisions: LinkTable, options: RepositoryReader): Promise<void> {
    for await (const { name, content, isSound } of readLinkedManifests(revisions, options)) {
      const user = this.#linked.find(name);
      if (user === undefined || !isSound) continue;
      for (const { descriptor } of requiredReferences(content, options.decoder)) {
        const number = this.#linked.find(descriptor.digest);
        if (number !== undefined) this.#users.add(number, user);
      }
    }
  }
}
