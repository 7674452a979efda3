import { text } from 'node:stream/consumers';
import {
  exactLength,
  isObject,
  RegistryError,
  type Descriptor,
  type Digest,
  type Manifest,
  type OperationOptions,
  type Platform,
  type Repository,
} from '@purser/core';
import { distanceTo, formatPlatform } from './platform.ts';
import { readManifest } from './read-manifest.ts';

const INDEX_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);
const CONFIG_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/** The largest config that is looked into, in bytes. */
const MAXIMUM_CONFIG_SIZE = 4 * 1024 * 1024;
/** An index in an index exists in practice; a deeper nesting is not followed. */
const MAXIMUM_DEPTH = 4;
/** Maximum number of indexes that are read for one image. */
const MAXIMUM_INDEXES = 1_000;

/**
 * Finds the image for a platform: the best member of an index, also of one inside it; an image itself, unless its
 * config says that it is for another platform.
 *
 * @throws RegistryError `MANIFEST_UNKNOWN` when there is none, naming those that there are; `MANIFEST_INVALID` for more than 1,000
 * indexes.
 */
export async function selectPlatform(
  repository: Repository,
  root: Digest,
  { platform, signal }: OperationOptions & { readonly platform: Platform },
): Promise<Digest> {
  const manifest = await readManifest(repository, root, { signal });
  if (!isIndex(manifest)) {
    const own = await platformOf(repository, manifest, { signal });
    if (own !== undefined && distanceTo(platform, own) === undefined)
      throw noneFor(platform, [own]);
    return root;
  }
  const offers = await membersOf(repository, manifest, {
    depth: 1,
    known: new Set([root]),
    signal,
  });
  const ranked = offers
    .map((member) => ({ member, distance: distanceTo(platform, member.platform) }))
    .filter(({ distance }) => distance !== undefined)
    // The first of equals, as the publisher ordered them.
    .sort((left, right) => left.distance! - right.distance!);
  const best = ranked[0]?.member;
  if (best !== undefined) return best.digest;
  throw noneFor(
    platform,
    offers.map((member) => member.platform),
  );
}

type Member = Descriptor & { readonly platform: Platform };

interface SearchOptions extends OperationOptions {
  readonly depth: number;
  /** The indexes found so far: each is read once. */
  readonly known: Set<Digest>;
}

async function membersOf(
  repository: Repository,
  index: Manifest,
  { depth, known, signal }: SearchOptions,
): Promise<readonly Member[]> {
  const found: Member[] = [];
  for (const { kind, descriptor } of index.references) {
    if (kind !== 'manifest') continue;
    if (hasPlatform(descriptor)) {
      found.push(descriptor);
    } else if (
      descriptor.mediaType === index.mediaType &&
      depth < MAXIMUM_DEPTH &&
      isNew(descriptor, known)
    ) {
      const inner = await readManifest(repository, descriptor.digest, { signal });
      const members = await membersOf(repository, inner, { depth: depth + 1, known, signal });
      for (const member of members) found.push(member);
    }
  }
  return found;
}

/** @throws RegistryError `MANIFEST_INVALID` for too many indexes. */
function isNew({ digest }: Descriptor, known: Set<Digest>): boolean {
  if (known.has(digest)) return false;
  known.add(digest);
  if (known.size <= MAXIMUM_INDEXES) return true;
  throw new RegistryError('MANIFEST_INVALID', {
    message: `the image has more than ${MAXIMUM_INDEXES} indexes: name one of them by its digest`,
  });
}

function hasPlatform(descriptor: Descriptor): descriptor is Member {
  return descriptor.platform !== undefined && descriptor.platform !== null;
}

/** Also one of nothing. */
function isIndex({ mediaType, references }: Manifest): boolean {
  return INDEX_TYPES.has(mediaType) || references.some(({ kind }) => kind === 'manifest');
}

/** What the config of an image says it is for; `undefined` when it does not. */
async function platformOf(
  { blobs }: Repository,
  { references }: Manifest,
  { signal }: OperationOptions = {},
): Promise<Platform | undefined> {
  const config = references[0]?.descriptor;
  if (config === undefined || !CONFIG_TYPES.has(config.mediaType)) return undefined;
  if (config.size > MAXIMUM_CONFIG_SIZE) return undefined;
  const content = exactLength(config.size, await blobs.open(config.digest, { signal }));
  return platformIn(await text(content));
}

function platformIn(text: string): Platform | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (!isObject(document)) return undefined;
    const { os, architecture, variant } = document;
    if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
    return { os, architecture, ...(typeof variant === 'string' && { variant }) };
  } catch {
    return undefined;
  }
}

function noneFor(platform: Platform, offered: readonly Platform[]): RegistryError {
  const names = [...new Set(offered.map(formatPlatform))].filter(
    (name) => name !== 'unknown/unknown',
  );
  const others = names.length === 0 ? 'it names no platforms' : `there is ${names.join(', ')}`;
  return new RegistryError('MANIFEST_UNKNOWN', {
    message: `no image for ${formatPlatform(platform)}: ${others}`,
    detail: { platform: formatPlatform(platform), offered: names },
  });
}
