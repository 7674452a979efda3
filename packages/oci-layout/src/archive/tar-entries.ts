import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RegistryError } from '@purser/core';
import { extract } from 'tar-stream';

/** Where the content of a file lies in an archive, in bytes. */
export interface TarEntry {
  readonly start: number;
  readonly size: number;
}

const BLOCK_BYTES = 512;
/** More than any image has; a hostile archive of nothing but names ends here. */
const MAXIMUM_ENTRIES = 200_000;

/**
 * Finds the files of a tar archive without reading their content: from header to header.
 *
 * @param select The name by which a file is kept, given the one it has; `undefined` for one of no interest.
 * @returns By name. Of several of one name the last counts, as when the archive is unpacked.
 * @throws RegistryError `UNSUPPORTED` when it is no tar archive, or is compressed, cut short or too large.
 */
export async function findTarEntries(
  handle: FileHandle,
  where: string,
  select: (name: string) => string | undefined,
): Promise<ReadonlyMap<string, TarEntry>> {
  const { size: archiveSize } = await handle.stat();
  const entries = new Map<string, TarEntry>();
  let position = 0;
  for (let count = 0; count < MAXIMUM_ENTRIES; count++) {
    // An archive ends with a block of zeros, and not just so.
    if (position >= archiveSize) throw unreadable(where, 'it is cut short');
    const found = await readHeader(handle, position, where);
    if (found === undefined) return entries;
    const start = position + found.offset + BLOCK_BYTES;
    const end = start + found.size;
    if (!Number.isSafeInteger(end) || end > archiveSize) throw unreadable(where, 'it is cut short');
    const name = found.isFile ? select(found.name) : undefined;
    if (name !== undefined) entries.set(name, { start, size: found.size });
    position = start + Math.ceil(found.size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  throw unreadable(where, `it has more than ${MAXIMUM_ENTRIES} entries`);
}

interface TarHeader {
  readonly name: string;
  readonly size: number;
  readonly isFile: boolean;
  /** Of the header itself, behind those that extend it. */
  readonly offset: number;
}

/** A parser for each header: it knows all the ways to write one, and could not be made to skip what comes between. */
async function readHeader(
  handle: FileHandle,
  position: number,
  where: string,
): Promise<TarHeader | undefined> {
  const parser = extract();
  const found = Promise.withResolvers<TarHeader | undefined>();
  parser.on('entry', ({ name, size, type }, { offset }) => {
    const isFile = type === 'file' || type === 'contiguous-file';
    found.resolve({ name, size: isFile ? size : 0, isFile, offset });
    parser.destroy();
  });
  pipeline(Readable.from(blocksFrom(handle, position)), parser as unknown as NodeJS.WritableStream)
    // An entry may have been found before the rest of what was read ends it.
    .then(() => found.resolve(undefined), found.reject);
  try {
    return await found.promise;
  } catch (error) {
    throw unreadable(where, await describeStart(handle, error));
  }
}

async function* blocksFrom(handle: FileHandle, from: number): AsyncGenerator<Buffer> {
  for (let position = from; ;) {
    const { bytesRead, buffer } = await handle.read({
      buffer: Buffer.alloc(4 * BLOCK_BYTES),
      position,
    });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const COMPRESSED = [
  { magic: '1f8b', name: 'gzip' },
  { magic: '28b52ffd', name: 'zstd' },
  { magic: 'fd377a58', name: 'xz' },
  { magic: '425a68', name: 'bzip2' },
];

async function describeStart(handle: FileHandle, error: unknown): Promise<string> {
  const { buffer } = await handle.read({ buffer: Buffer.alloc(4), position: 0 });
  const start = buffer.toString('hex');
  const compression = COMPRESSED.find(({ magic }) => start.startsWith(magic));
  if (compression !== undefined)
    return `it is compressed with ${compression.name}: unpack that first`;
  return (error as Error).message;
}

function unreadable(where: string, reason: string): RegistryError {
  return new RegistryError('UNSUPPORTED', {
    message: `${where} is no tar archive that can be read: ${reason}`,
  });
}
