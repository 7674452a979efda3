import type { Descriptor, Platform } from './descriptor.ts';
import { members, sortedMembers, unlessEmpty, type Members } from './manifest-json.ts';

/**
 * The members of a descriptor as Go's `v1.Descriptor` writes them: in its order, without empty ones.
 *
 * @see OCI image-spec, specs-go/v1/descriptor.go, which distribution uses for schema 2 too.
 */
export function encodeDescriptor(descriptor: Descriptor): Members {
  const { mediaType, digest, size, urls, annotations, data, platform, artifactType } = descriptor;
  return members({
    mediaType,
    digest,
    size,
    urls: unlessEmpty(urls),
    annotations: sortedMembers(annotations),
    data: unlessEmpty(data),
    platform: platform == null ? undefined : encodePlatform(platform),
    artifactType: unlessEmpty(artifactType),
  });
}

/** The members of a platform in Go's order, without empty ones except for the two that name it. */
export function encodePlatform(platform: Platform): Members {
  return members({
    architecture: platform.architecture,
    os: platform.os,
    'os.version': unlessEmpty(platform['os.version']),
    'os.features': unlessEmpty(platform['os.features']),
    variant: unlessEmpty(platform.variant),
  });
}
