import { hasLayout, noLayout } from '../layout-file.ts';
import { createOciLayout, type OciLayout, type OciLayoutOptions } from '../oci-layout.ts';
import { ArchiveFiles } from './archive-files.ts';

/**
 * Opens a layout in a tar archive for reading. Nothing is unpacked: what is asked for is read where it lies.
 *
 * Everything that would change it fails with RegistryError `UNSUPPORTED`.
 *
 * @throws RegistryError `NAME_UNKNOWN` when there is no such archive, or no layout in it; `UNSUPPORTED` when it is no
 * tar archive, is compressed or cut short, or its layout is of another version.
 */
export async function openOciArchive(path: string, options: OciLayoutOptions): Promise<OciLayout> {
  const files = await ArchiveFiles.open(path);
  try {
    if (!(await hasLayout(files, path))) throw noLayout(path);
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
  return createOciLayout(files, { ...options, close: () => files[Symbol.asyncDispose]() });
}
