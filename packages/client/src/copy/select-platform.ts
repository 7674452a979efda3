import {
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
/** An index in an index is met; more than that means no good. */
const MAXIMUM_DEPTH = 4;

/**
 * Finds the image for a platform: the best member of an index, also of one inside it; an image itself, unless its
 * config says that it is for another platform.
 *
 * @throws RegistryError `MANIFEST_UNKNOWN` when there is none, naming those that there are.
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
  const offers = await membersOf(repository, manifest, { depth: 1, signal });
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

async function membersOf(
  repository: Repository,
  index: Manifest,
  { depth, signal }: OperationOptions & { readonly depth: number },
): Promise<readonly Member[]> {
  const found: Member[] = [];
  for (const { kind, descriptor } of index.references) {
    if (kind !== 'manifest') continue;
    if (hasPlatform(descriptor)) {
      found.push(descriptor);
    } else if (descriptor.mediaType === index.mediaType && depth < MAXIMUM_DEPTH) {
      const inner = await readManifest(repository, descriptor.digest, { signal });
      found.push(...(await membersOf(repository, inner, { depth: depth + 1, signal })));
    }
  }
  return found;
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
  const chunks: Uint8Array[] = [];
  for await (const chunk of await blobs.open(config.digest, { signal })) {
    chunks.push(chunk as Uint8Array);
  }
  return platformIn(Buffer.concat(chunks).toString());
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
