import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileSink } from '@purser/storage-driver';
import { removeQuietly, temporaryNameFor } from './atomic-write.ts';
import { inDirectory, syncDirectories } from './directories.ts';
import { removeIfThere } from './remove.ts';

/** Bytes accepted and not yet written from which on `write` waits. 1 MiB: no faster with more, and every upload holds it. */
const MAXIMUM_HELD = 1024 * 1024;

/** The most buffers that one `writev` takes on Linux. */
const MAXIMUM_BATCH = 1024;

/**
 * Bytes written after which the disk is told to begin: 16 MiB. Otherwise all of a large file waits for the sync at its
 * end: 300 ms for 1 GB on a disk that takes 3 GB/s, instead of 5 ms.
 */
const SYNC_INTERVAL = 16 * 1024 * 1024;

/** Opens a file for writing, in a directory that is made when it is missing. */
export async function openSink(path: string, append: boolean): Promise<FileSink> {
  const directory = dirname(path);
  const { result, changed } = await inDirectory(directory, () =>
    append ? open(path, 'a') : openEmpty(path),
  );
  try {
    const { size } = await result.stat();
    return new FilesystemSink(result, { path, initialSize: size, changed });
  } catch (error) {
    await result.close().catch(() => {});
    throw error;
  }
}

/** A new file takes the place of an old one, whose readers keep it. */
async function openEmpty(path: string): Promise<FileHandle> {
  const temporary = temporaryNameFor(path);
  const handle = await open(temporary, 'wx');
  try {
    await rename(temporary, path);
    return handle;
  } catch (error) {
    await handle.close().catch(() => {});
    await removeQuietly(temporary);
    throw error;
  }
}

interface FilesystemSinkOptions {
  readonly path: string;
  readonly initialSize: number;
  /** The directories in which a name may not have survived a loss of power yet; the file's own comes first. */
  readonly changed: readonly string[];
}

/** Gathers what comes while a write is under way, and writes it with one call. */
class FilesystemSink implements FileSink {
  readonly initialSize: number;
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #changed: readonly string[];
  #size: number;
  #queue: Uint8Array[] = [];
  /** Bytes accepted and not yet written. */
  #held = 0;
  /** The write under way; never fails. */
  #round: Promise<void> = Promise.resolve();
  /** Settles, and never fails, when the queue is written. */
  #flushing: Promise<void> | undefined;
  /** Bytes written since the last sync began. */
  #unsynced = 0;
  /** The sync under way; never fails. */
  #syncing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(handle: FileHandle, { path, initialSize, changed }: FilesystemSinkOptions) {
    this.#handle = handle;
    this.#path = path;
    this.initialSize = initialSize;
    this.#size = initialSize;
    // A file that was empty may be new: whoever made it had nothing to sync.
    this.#changed = initialSize === 0 ? changed : [];
  }

  async write(content: Uint8Array): Promise<void> {
    this.#throwFailure();
    if (content.byteLength === 0) return;
    this.#queue.push(content);
    this.#held += content.byteLength;
    this.#size += content.byteLength;
    this.#flushing ??= this.#flush();
    while (this.#held > MAXIMUM_HELD) await this.#round;
    this.#throwFailure();
  }

  /** Another process may have appended to the same file. */
  async commit(): Promise<number> {
    await this.#drain();
    await Promise.all([this.#handle.sync(), syncDirectories(this.#changed)]);
    const { size } = await this.#handle.stat();
    await this.#handle.close();
    return size;
  }

  async close(): Promise<void> {
    try {
      await this.#drain();
      // An empty file may get lost: it is made again by whoever goes on with it.
      if (this.#size === 0) await syncDirectories(this.#changed.slice(1));
      else await Promise.all([this.#handle.datasync(), syncDirectories(this.#changed)]);
    } finally {
      await this.#handle.close();
    }
  }

  async cancel(): Promise<void> {
    await this.#settle();
    try {
      await this.#handle.close();
    } finally {
      await removeIfThere(this.#path);
    }
  }

  async #drain(): Promise<void> {
    await this.#settle();
    this.#throwFailure();
  }

  async #settle(): Promise<void> {
    await this.#flushing;
    await this.#syncing;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      this.#round = this.#writeBatch(this.#queue.splice(0, MAXIMUM_BATCH));
      await this.#round;
    }
    this.#flushing = undefined;
  }

  async #writeBatch(batch: readonly Uint8Array[]): Promise<void> {
    try {
      await writeAll(this.#handle, batch);
      const size = sizeOf(batch);
      this.#held -= size;
      this.#unsynced += size;
      if (this.#unsynced >= SYNC_INTERVAL) this.#syncing ??= this.#sync();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #sync(): Promise<void> {
    this.#unsynced = 0;
    try {
      await this.#handle.datasync();
    } catch (error) {
      // The system tells it once: the sync at the end would succeed.
      this.#fail(error);
    }
    this.#syncing = undefined;
  }

  /** What is held is lost. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#queue = [];
    this.#held = 0;
  }
}

/** `writev` may stop early, as when the disk fills up: the next call then says why. */
async function writeAll(handle: FileHandle, buffers: readonly Uint8Array[]): Promise<void> {
  for (let rest = buffers; rest.length > 0;) {
    const { bytesWritten } = await handle.writev(rest);
    rest = withoutStart(rest, bytesWritten);
  }
}

function withoutStart(buffers: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  for (const [index, buffer] of buffers.entries()) {
    if (left < buffer.byteLength) return [buffer.subarray(left), ...buffers.slice(index + 1)];
    left -= buffer.byteLength;
  }
  return [];
}

function sizeOf(buffers: readonly Uint8Array[]): number {
  return buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
