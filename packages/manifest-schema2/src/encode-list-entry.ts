import {
  encodeDescriptor,
  encodePlatform,
  members,
  unlessEmpty,
  type Descriptor,
  type Members,
  type Platform,
} from '@purser/core';

/** A platform as manifest lists know it: Docker's has CPU features too. */
export interface ManifestListPlatform extends Platform {
  /** `sse4`. */
  readonly features?: readonly string[];
}

/**
 * The members of an entry of a manifest list: a descriptor whose platform comes last and is always there.
 *
 * @see distribution, manifest/manifestlist/manifestlist.go, `ManifestDescriptor`.
 */
export function encodeListEntry(descriptor: Descriptor): Members {
  const platform: ManifestListPlatform = descriptor.platform ?? { architecture: '', os: '' };
  const entry = new Map(encodeDescriptor(descriptor));
  entry.delete('platform');
  return entry.set(
    'platform',
    members({
      ...Object.fromEntries(encodePlatform(platform)),
      features: unlessEmpty(platform.features),
    }),
  );
}
