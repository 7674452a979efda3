import type { Image } from './image.ts';

/** What a tag names: an image, or nothing. */
export type TagValue = Image | undefined;

interface TagState {
  readonly repository: string;
  readonly tag: string;
  value: TagValue;
  /** Moves whose requests were cut: each may have happened. */
  uncertain: TagValue[];
}

/** The tags of one client, which no other moves. */
export class OwnTags {
  readonly #states = new Map<string, TagState>();

  /** What is there for certain, or was before the moves that were cut. */
  value(repository: string, tag: string): TagValue {
    return this.#states.get(`${repository}:${tag}`)?.value;
  }

  set(repository: string, tag: string, value: TagValue): void {
    const before = this.value(repository, tag);
    this.#states.set(`${repository}:${tag}`, { repository, tag, value, uncertain: [] });
    // What was attached to an image that nothing keeps may be gone, even if the image comes back.
    if (before !== undefined && !this.keeps(before)) before.referrers.length = 0;
  }

  /** A move was sent, and its answer never came. */
  doubt(repository: string, tag: string, value: TagValue): void {
    if (!this.#states.has(`${repository}:${tag}`)) this.set(repository, tag, undefined);
    this.#states.get(`${repository}:${tag}`)?.uncertain.push(value);
  }

  /** Those that must be read before they are relied on. */
  doubtful(): readonly { repository: string; tag: string; possible: readonly TagValue[] }[] {
    return [...this.#states.values()]
      .filter(({ uncertain }) => uncertain.length > 0)
      .map(({ repository, tag, value, uncertain }) => ({
        repository,
        tag,
        possible: [value, ...uncertain],
      }));
  }

  /** The tags that name something, with it. */
  named(): readonly { repository: string; tag: string; image: Image }[] {
    return [...this.#states.values()].flatMap(({ repository, tag, value }) =>
      value === undefined ? [] : [{ repository, tag, image: value }],
    );
  }

  /** Whether a tag names the image, or an index that it belongs to. */
  keeps(image: Image): boolean {
    return this.named().some(
      ({ image: named }) => named === image || named.members.includes(image),
    );
  }
}
