/**
 * An OCI image layout, a directory or an archive, as a repository.
 *
 * ```ts
 * import { createManifestDecoder, type ManifestFormat } from '@purser/core';
 * import { openOciLayout } from '@purser/oci-layout';
 *
 * declare const formats: readonly ManifestFormat[]; // ociFormats of @purser/manifest-oci
 *
 * await using layout = await openOciLayout('image', { decoder: createManifestDecoder(formats) });
 * for await (const tag of layout.tags.list()) console.log(tag);
 * ```
 *
 * @packageDocumentation
 */
export { createOciArchive, type OciArchiveWriter } from './archive/create-archive.ts';
export { openOciArchive } from './archive/open-archive.ts';
export { openOciLayout, type OpenOciLayoutOptions } from './directory/open-layout.ts';
export type { OciLayout, OciLayoutOptions } from './oci-layout.ts';
export type { LayoutNames } from './repository/names.ts';
