import { isTag, parseReference, RegistryError, type Digest, type Tag } from '@purser/core';
import {
  nameOf,
  withName,
  withoutName,
  type IndexEntries,
  type LayoutIndex,
} from '../layout-index.ts';
import { plainEntry, type ManifestGraph } from '../manifest-graph.ts';
import { unknownManifest } from './manifests.ts';

/** @see OCI image-spec, annotations.md, `org.opencontainers.image.ref.name`. */
const GRAMMAR =
  /^[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*)*$/;
const MAXIMUM_LENGTH = 1024;

/**
 * The names in a layout: tags as a rule, but also whole references such as `docker.io/library/debian:12`, which some
 * programs write.
 */
export class LayoutNames {
  readonly #index: LayoutIndex;
  readonly #graph: ManifestGraph;

  constructor(index: LayoutIndex, graph: ManifestGraph) {
    this.#index = index;
    this.#graph = graph;
  }

  /** What a name is given to, letter by letter; the first of several of that name. */
  async get(name: string): Promise<Digest | undefined> {
    return (await this.#index.entries()).find((entry) => nameOf(entry) === name)?.digest;
  }

  /**
   * Gives a name to a manifest, taking it from another.
   *
   * @param options.allow As for a tag.
   * @throws RegistryError `MANIFEST_INVALID` when an OCI layout allows no such name; `MANIFEST_UNKNOWN`;
   * `PRECONDITION_FAILED`.
   */
  async set(
    name: string,
    digest: Digest,
    { allow = () => true }: { allow?: ((current: Digest | undefined) => boolean) | undefined } = {},
  ): Promise<void> {
    if (!isName(name)) throw malformedName(name);
    await this.#index.update(async (before) => {
      const current = resolveTag(before, name);
      if (!allow(current)) throw new RegistryError('PRECONDITION_FAILED', { detail: { current } });
      const target = (await this.#graph.reachableFrom(before)).get(digest);
      if (target === undefined) throw unknownManifest(digest);
      const others = before.filter((entry) => nameOf(entry) !== name);
      const unnamed = others.find((entry) => entry.digest === digest && !nameOf(entry));
      const after = others.filter((entry) => entry !== unnamed);
      const named = withName(unnamed ?? plainEntry(target), name);
      return this.#graph.keepAll([...after, named], { before });
    });
  }

  /**
   * Takes a tag, or a reference with that tag, from what has it.
   *
   * @returns Whether there was one.
   */
  async removeTag(tag: Tag): Promise<boolean> {
    let isFound = false;
    await this.#index.update((before) => {
      const name = nameOfTag(before, tag);
      isFound = name !== undefined;
      if (name === undefined) return before;
      const after = before.filter((entry) => nameOf(entry) !== name);
      const left = before
        .filter((entry) => nameOf(entry) === name)
        .filter(({ digest }) => after.every((entry) => entry.digest !== digest))
        .map(withoutName);
      return [...after, ...left];
    });
    return isFound;
  }

  /** The image of a layout of one: what all names are given to or, where there are no names, the one manifest listed. */
  async only(): Promise<Digest | undefined> {
    const entries = await this.#index.entries();
    const named = entries.filter((entry) => nameOf(entry) !== undefined);
    const digests = new Set((named.length > 0 ? named : entries).map(({ digest }) => digest));
    const [only, ...others] = digests;
    return others.length === 0 ? only : undefined;
  }

  /** Every name, in byte order. */
  async list(): Promise<readonly string[]> {
    const names = (await this.#index.entries()).map(nameOf).filter((name) => name !== undefined);
    return [...new Set(names)].sort();
  }

  /** What each tag names: names that are tags, and the tags of whole references where only one has it. */
  async tags(): Promise<ReadonlyMap<Tag, Digest>> {
    const entries = await this.#index.entries();
    const tags = new Map<Tag, Digest>();
    for (const name of entries.map(nameOf)) {
      const tag = name === undefined ? undefined : tagIn(name);
      const digest = tag && resolveTag(entries, tag);
      if (tag !== undefined && digest !== undefined) tags.set(tag, digest);
    }
    return tags;
  }
}

function resolveTag(entries: IndexEntries, tag: string): Digest | undefined {
  const name = nameOfTag(entries, tag);
  return entries.find((entry) => name !== undefined && nameOf(entry) === name)?.digest;
}

/** The name that answers to a tag: the tag itself, or the one reference that has it. */
function nameOfTag(entries: IndexEntries, tag: string): string | undefined {
  const names = new Set(entries.map(nameOf).filter((name) => name !== undefined));
  if (names.has(tag)) return tag;
  const [only, ...others] = [...names].filter((name) => tagIn(name) === tag);
  return others.length === 0 ? only : undefined;
}

/** `12` of `12`, and of `docker.io/library/debian:12`. */
function tagIn(name: string): Tag | undefined {
  if (isTag(name)) return name;
  try {
    return parseReference(name).tag;
  } catch {
    return undefined;
  }
}

function isName(name: string): boolean {
  return isTag(name) || (name.length <= MAXIMUM_LENGTH && GRAMMAR.test(name));
}

function malformedName(name: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', {
    message:
      'malformed name: expected a tag, or letters and digits with single separators between them',
    detail: { name: name.slice(0, MAXIMUM_LENGTH) },
  });
}
