import type { Descriptor } from './descriptor.ts';
import { digestOf, type Digest } from './digest.ts';
import { canonicalBytes, type Manifest } from './manifest.ts';

/**
 * The descriptor of a manifest, as it is listed among referrers.
 *
 * @param digest The one it was pushed by; its sha256 when absent.
 */
export function describeManifest(
  manifest: Manifest,
  digest: Digest = digestOf(canonicalBytes(manifest)),
): Descriptor {
  const { mediaType, payload, artifactType, annotations } = manifest;
  return {
    mediaType,
    digest,
    size: payload.byteLength,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations !== undefined && { annotations }),
  };
}
