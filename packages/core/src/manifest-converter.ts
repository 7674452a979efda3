import type { Manifest } from './manifest.ts';
import type { OperationOptions } from './options.ts';
import type { Repository } from './registry.ts';
import type { Tag } from './tag.ts';

/** Makes an older form of a manifest for a client that does not take the one that is stored. */
export interface ManifestConverter {
  /** The media type that it converts. */
  readonly mediaType: string;

  /**
   * @param source Where the manifest was found, and by which name.
   * @throws RegistryError `MANIFEST_INVALID` when this manifest has no older form; `MANIFEST_UNKNOWN` or
   * `BLOB_UNKNOWN` when what it is made of is not there.
   */
  convert(
    manifest: Manifest,
    source: ConversionSource,
    options?: OperationOptions,
  ): Promise<Manifest>;
}

export interface ConversionSource {
  readonly repository: Repository;
  readonly tag: Tag;
}
