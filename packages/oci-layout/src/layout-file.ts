import { isObject, RegistryError } from '@purser/core';
import type { LayoutFiles } from './layout-files.ts';
import { LAYOUT_FILE, LAYOUT_VERSION } from './layout-paths.ts';

const MAXIMUM_BYTES = 64 * 1024;

/** What stands in `oci-layout`, byte for byte as skopeo writes it. */
export const LAYOUT_FILE_CONTENT = Buffer.from(`{"imageLayoutVersion": "${LAYOUT_VERSION}"}`);

/**
 * Whether there is a layout of a version that can be read.
 *
 * @param where Names the layout in messages.
 * @throws RegistryError `UNSUPPORTED` when it is of another version, or says nothing that can be understood.
 */
export async function hasLayout(files: LayoutFiles, where: string): Promise<boolean> {
  const content = await files.read(LAYOUT_FILE, MAXIMUM_BYTES);
  if (content === undefined) return false;
  const version = versionOf(content);
  if (version === LAYOUT_VERSION) return true;
  const found = typeof version === 'string' ? `is ${version.slice(0, 32)}` : 'is missing';
  throw new RegistryError('UNSUPPORTED', {
    message: `${where} is no OCI layout that can be read: its imageLayoutVersion ${found}, expected ${LAYOUT_VERSION}`,
  });
}

function versionOf(content: Uint8Array): unknown {
  try {
    const document: unknown = JSON.parse(Buffer.from(content).toString());
    return isObject(document) ? document['imageLayoutVersion'] : undefined;
  } catch {
    return undefined;
  }
}

export function noLayout(where: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', {
    message: `there is no OCI layout at ${where}: it has no file ${LAYOUT_FILE}`,
  });
}
