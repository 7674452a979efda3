import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { OperationOptions } from '@purser/core';
import { openOciLayout } from '../directory/open-layout.ts';
import type { OciLayout, OciLayoutOptions } from '../oci-layout.ts';
import { packLayout } from './pack-layout.ts';

/** A layout that becomes an archive. Disposing of it without `finish` leaves nothing. */
export interface OciArchiveWriter extends OciLayout {
  /**
   * Writes the archive, which replaces one of that name at once and whole.
   *
   * @throws What the file system fails with; the old archive, if any, stays.
   */
  finish(options?: OperationOptions): Promise<void>;
}

/**
 * Begins an archive. Until it is finished its content lies in a directory beside it, so that there must be room for it
 * twice; a process that dies leaves `.<name>.<random>`, which may be deleted.
 */
export async function createOciArchive(
  path: string,
  options: OciLayoutOptions,
): Promise<OciArchiveWriter> {
  const target = resolve(path);
  const prefix = join(dirname(target), `.${basename(target)}.`);
  const directory = await mkdtemp(prefix);
  const layout = await openOciLayout(join(directory, 'layout'), { ...options, create: true });
  return {
    ...layout,
    async finish({ signal }: OperationOptions = {}) {
      const packed = join(directory, 'archive.tar');
      await rm(packed, { force: true });
      await packLayout(join(directory, 'layout'), packed, { signal });
      await rename(packed, target);
    },
    async [Symbol.asyncDispose]() {
      await layout[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
