import {
  isTag,
  parseTag,
  RegistryError,
  type Digest,
  type ManifestDecoder,
  type OperationOptions,
  type Repository,
  type Tag,
} from '@purser/core';
import {
  createOciArchive,
  openOciArchive,
  openOciLayout,
  type OciLayout,
} from '@purser/oci-layout';
import { openRegistry, type OpenRegistryOptions } from './open-registry.ts';
import { tagOf, type LayoutPlace, type Place } from './place.ts';

/** A place that is read from. */
export interface OpenSource extends AsyncDisposable {
  readonly repository: Repository;
}

/** A place that is written to. */
export interface OpenTarget extends AsyncDisposable {
  readonly repository: Repository;
  /** What is copied shall be called so. */
  readonly tags: readonly Tag[];
  /** Completes what the copy left: a name that is no tag, an archive. */
  finish(digest: Digest, options?: OperationOptions): Promise<void>;
}

export async function openSource(place: Place, options: OpenRegistryOptions): Promise<OpenSource> {
  const { decoder } = options;
  if (place.kind === 'registry') {
    const registry = await openRegistry(place, options);
    return {
      repository: registry.repository(place.path),
      [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
    };
  }
  const layout = await openLayout(place, decoder);
  return { repository: layout, [Symbol.asyncDispose]: () => layout[Symbol.asyncDispose]() };
}

function openLayout({ kind, path }: LayoutPlace, decoder: ManifestDecoder): Promise<OciLayout> {
  return kind === 'archive' ? openOciArchive(path, { decoder }) : openOciLayout(path, { decoder });
}

const LATEST = parseTag('latest');

/**
 * What a place names.
 *
 * @throws RegistryError `MANIFEST_UNKNOWN` when a layout has no such name, or several and none was given.
 */
export async function referenceOf(place: Place, repository: Repository): Promise<Tag | Digest> {
  if (place.digest !== undefined) return place.digest;
  if (place.kind === 'registry') return place.tag ?? LATEST;
  return findInLayout(place, repository as OciLayout);
}

async function findInLayout(place: LayoutPlace, { names, tags }: OciLayout): Promise<Digest> {
  const all = await names.list();
  const { kind, name, path } = place;
  const known = all.length === 0 ? 'it has no names' : `it has ${all.join(', ')}`;
  if (name === undefined) {
    const only = await names.only();
    if (only !== undefined) return only;
    const prefix = kind === 'directory' ? 'oci' : 'oci-archive';
    throw unknownName(
      `${path} holds several images, or none: add a tag or digest, as in ${prefix}:${path}:tag; ${known}`,
    );
  }
  const tag = tagOf(place);
  const digest = (await names.get(name)) ?? (tag && (await tags.get(tag)));
  if (digest !== undefined) return digest;
  throw unknownName(`there is no ${name} in ${path}: ${known}`);
}

function unknownName(message: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', { message });
}

export async function openTarget(place: Place, options: OpenRegistryOptions): Promise<OpenTarget> {
  const { decoder } = options;
  if (place.kind === 'registry') {
    const source = await openSource(place, options);
    const tags = place.tag ?? (place.digest === undefined ? LATEST : undefined);
    return { ...source, tags: tags === undefined ? [] : [tags], finish: async () => {} };
  }
  const { name } = place;
  const tags = name !== undefined && isTag(name) ? [name] : [];
  if (place.kind === 'archive') {
    const archive = await createOciArchive(place.path, { decoder });
    return {
      repository: archive,
      tags,
      async finish(digest, { signal } = {}) {
        await nameIn(archive, place, digest);
        await archive.finish({ signal });
      },
      [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
    };
  }
  const layout = await openOciLayout(place.path, { decoder, create: true });
  return {
    repository: layout,
    tags,
    finish: (digest) => nameIn(layout, place, digest),
    [Symbol.asyncDispose]: () => layout[Symbol.asyncDispose](),
  };
}

/** A name that is no tag, such as a whole reference. */
async function nameIn({ names }: OciLayout, place: LayoutPlace, digest: Digest): Promise<void> {
  const { name } = place;
  if (name !== undefined && tagOf(place) === undefined) await names.set(name, digest);
}
