import type { Digest } from '@purser/core';
import type { AffectedImage } from './finding.ts';
import { tagsOf, type FoundRepository } from './read-repository.ts';

/** Finds the images of a repository that need something. */
export class AffectedImages {
  readonly #repository: FoundRepository;
  readonly #revisions = new Set<Digest>();
  /** The manifests that refer to something. */
  readonly #users = new Map<Digest, Digest[]>();
  readonly #tags = new Map<Digest, string[]>();

  constructor(repository: FoundRepository) {
    this.#repository = repository;
    for (const { place } of repository.links) {
      if (place.kind === 'revision') this.#revisions.add(place.digest);
    }
    for (const [user, references] of repository.references) {
      for (const { descriptor } of references) append(this.#users, descriptor.digest, user);
    }
    for (const [tag, digest] of tagsOf(repository)) append(this.#tags, digest, tag);
  }

  /** The manifest of this digest, and every manifest that refers to it, directly or not. */
  of(...digests: readonly Digest[]): readonly AffectedImage[] {
    const found = new Set<Digest>(digests);
    for (const digest of found) {
      for (const user of this.#users.get(digest) ?? []) found.add(user);
    }
    return [...found]
      .filter((digest) => this.#revisions.has(digest) || this.#tags.has(digest))
      .map((digest) => ({
        repository: this.#repository.name,
        digest,
        tags: this.#tags.get(digest) ?? [],
      }));
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
