import {
  RegistryError,
  type Digest,
  type ListOptions,
  type OperationOptions,
  type Tag,
  type TagOptions,
  type TagService,
} from '@purser/core';
import type { LayoutNames } from './names.ts';

/** The names of a layout as tags. */
export class LayoutTags implements TagService {
  readonly #names: LayoutNames;
  readonly #exists: () => Promise<boolean>;

  constructor(names: LayoutNames, exists: () => Promise<boolean>) {
    this.#names = names;
    this.#exists = exists;
  }

  async get(tag: Tag, { signal }: OperationOptions = {}): Promise<Digest | undefined> {
    signal?.throwIfAborted();
    return (await this.#names.tags()).get(tag);
  }

  async tag(tag: Tag, digest: Digest, { allow, signal }: TagOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    await this.#names.set(tag, digest, { allow });
  }

  async untag(tag: Tag, { signal }: OperationOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    if (await this.#names.removeTag(tag)) return;
    throw new RegistryError('MANIFEST_UNKNOWN', {
      message: `the layout has no tag ${tag}`,
      detail: { tag },
    });
  }

  async *list({ after, limit = Infinity, signal }: ListOptions = {}): AsyncIterable<Tag> {
    signal?.throwIfAborted();
    if (!(await this.#exists())) {
      throw new RegistryError('NAME_UNKNOWN', { message: 'there is no layout yet' });
    }
    const tags = [...(await this.#names.tags()).keys()].sort();
    yield* tags.filter((tag) => after === undefined || tag > after).slice(0, limit);
  }

  async *lookup(digest: Digest, { signal }: OperationOptions = {}): AsyncIterable<Tag> {
    signal?.throwIfAborted();
    const tags = [...(await this.#names.tags())].filter(([, named]) => named === digest);
    yield* tags.map(([tag]) => tag).sort();
  }
}
