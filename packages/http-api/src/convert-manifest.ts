import type { ConversionSource, Manifest, ManifestConverter } from '@purser/core';

/**
 * Makes of what a tag names what the client can read, if there are converters for it: each is asked at most once, as
 * long as the client does not take what the last one made.
 *
 * @param accepted The media types that the client takes.
 * @see distribution 2.8, registry/handlers/manifests.go: wildcards and weights count for nothing.
 */
export async function convertForClient(
  manifest: Manifest,
  accepted: ReadonlySet<string>,
  { converters, source }: { converters: readonly ManifestConverter[]; source: ConversionSource },
): Promise<Manifest> {
  const unused = new Map(converters.map((converter) => [converter.mediaType, converter]));
  let current = manifest;
  while (!accepted.has(current.mediaType)) {
    const converter = unused.get(current.mediaType);
    if (converter === undefined) break;
    unused.delete(current.mediaType);
    current = await converter.convert(current, source);
  }
  return current;
}

/** The media types of an `Accept` header, without parameters. */
export function acceptedTypes(header: string | undefined): ReadonlySet<string> {
  const types = (header ?? '').split(',').map((part) => part.split(';', 1)[0]!.trim());
  return new Set(types.map((type) => type.toLowerCase()));
}
