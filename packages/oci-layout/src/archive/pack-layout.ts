import { createReadStream, createWriteStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { OperationOptions } from '@purser/core';
import { pack, type Pack } from 'tar-stream';
import { isErrno, translateErrno } from '../directory/errno.ts';
import { namesIn } from '../directory/names-in.ts';
import { LAYOUT_FILE_CONTENT } from '../layout-file.ts';
import { INDEX_FILE, LAYOUT_FILE } from '../layout-paths.ts';

/**
 * Writes a layout into a tar archive: the files that tell what it is first, then the blobs in the order of their names.
 * The same content gives the same bytes: no entry has a time or an owner.
 *
 * @param target Must not be there. It has survived a loss of power at the end.
 */
export async function packLayout(
  directory: string,
  target: string,
  { signal }: OperationOptions = {},
): Promise<void> {
  const archive = pack();
  // The promises tell it; the stream may say it once more when they have done so.
  archive.on('error', () => {});
  const output = createWriteStream(target, { flags: 'wx' });
  const written = pipeline(archive as unknown as NodeJS.ReadableStream, output);
  const filled = fill(archive, { directory, signal }).catch((error) => fail(archive, error));
  try {
    await Promise.all([written, filled]);
    await using handle = await open(target, 'r+');
    await handle.sync();
  } catch (error) {
    signal?.throwIfAborted();
    throw translateErrno(error);
  }
}

function fail(archive: Pack, error: unknown): never {
  archive.destroy(error as Error);
  throw error;
}

const CHUNK_BYTES = 256 * 1024;
const NO_OWNER = { mode: 0o644, mtime: new Date(0) };

interface Source extends OperationOptions {
  readonly directory: string;
}

async function fill(archive: Pack, { directory, signal }: Source): Promise<void> {
  signal?.throwIfAborted();
  archive.entry({ name: LAYOUT_FILE, ...NO_OWNER }, LAYOUT_FILE_CONTENT);
  archive.entry({ name: INDEX_FILE, ...NO_OWNER }, await indexOf(directory));
  for (const path of await blobPaths(directory)) {
    const { size } = await stat(join(directory, path));
    const entry = archive.entry({ name: path, size, ...NO_OWNER });
    const content = createReadStream(join(directory, path), { highWaterMark: CHUNK_BYTES, signal });
    await pipeline(content, entry as unknown as NodeJS.WritableStream);
  }
  archive.finalize();
}

/** A layout that nothing was put into has none yet. */
async function indexOf(directory: string): Promise<Uint8Array> {
  try {
    return await readFile(join(directory, INDEX_FILE));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return Buffer.from('{"schemaVersion":2,"manifests":[]}');
    throw error;
  }
}

async function blobPaths(directory: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const algorithm of await namesIn(join(directory, 'blobs'))) {
    const names = await namesIn(join(directory, 'blobs', algorithm));
    for (const name of names) paths.push(`blobs/${algorithm}/${name}`);
  }
  return paths.sort();
}
