import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ByteRange } from '@purser/core';
import { isErrno } from '../directory/errno.ts';
import { noLayout } from '../layout-file.ts';
import { fileTooLarge, type LayoutFiles } from '../layout-files.ts';
import { LAYOUT_PATH } from '../layout-paths.ts';
import { findTarEntries, type TarEntry } from './tar-entries.ts';

const CHUNK_BYTES = 256 * 1024;

/** The files of a layout in a tar archive, which stays open and is read where it is asked for. */
export class ArchiveFiles implements LayoutFiles, AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #entries: ReadonlyMap<string, TarEntry>;

  private constructor(handle: FileHandle, entries: ReadonlyMap<string, TarEntry>) {
    this.#handle = handle;
    this.#entries = entries;
  }

  /** @throws RegistryError `NAME_UNKNOWN` when there is no such file; `UNSUPPORTED` when it is no tar archive. */
  static async open(path: string): Promise<ArchiveFiles> {
    const handle = await openArchive(path);
    try {
      return new ArchiveFiles(handle, await findTarEntries(handle, path, layoutPathOf));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(path: string, maximumBytes: number): Promise<Uint8Array | undefined> {
    const entry = this.#entries.get(path);
    if (entry === undefined) return undefined;
    if (entry.size > maximumBytes) throw fileTooLarge(path, maximumBytes);
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#chunks(entry.start, entry.start + entry.size)) {
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async size(path: string): Promise<number | undefined> {
    return this.#entries.get(path)?.size;
  }

  async version(path: string): Promise<string | undefined> {
    return this.#entries.has(path) ? 'unchangeable' : undefined;
  }

  async open(path: string, range?: ByteRange): Promise<Readable | undefined> {
    const entry = this.#entries.get(path);
    if (entry === undefined) return undefined;
    const { start, end } = range ?? { start: 0, end: entry.size - 1 };
    const chunks = this.#chunks(entry.start + start, entry.start + end + 1);
    return Readable.from(chunks, { objectMode: false, highWaterMark: CHUNK_BYTES });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async *#chunks(start: number, end: number): AsyncGenerator<Buffer> {
    for (let position = start; position < end;) {
      const length = Math.min(CHUNK_BYTES, end - position);
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await this.#handle.read(buffer, 0, length, position);
      // It was cut short since it was opened: whoever checks the content finds out.
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

async function openArchive(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw noLayout(path);
    throw error;
  }
}

/** `tar -C layout -c .` writes `./index.json`. */
function layoutPathOf(name: string): string | undefined {
  const path = name.replace(/^\.\//, '');
  return LAYOUT_PATH.test(path) ? path : undefined;
}
