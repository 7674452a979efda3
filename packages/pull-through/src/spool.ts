import { randomUUID } from 'node:crypto';
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryError } from '@purser/core';

/** Bytes at the end that are kept in memory too: who keeps up shares them, and never waits for the disk. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Begins the names of temporary files. */
const PREFIX = 'purser-spool-';

/** Removes the files of processes that were killed, where a file can keep its name while it is open. */
export async function removeLeftSpools(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    // One that another process has open there cannot be removed.
    if (name.startsWith(PREFIX)) await rm(join(directory, name), { force: true }).catch(() => {});
  }
}

interface Piece {
  readonly offset: number;
  readonly chunk: Uint8Array;
}

/**
 * Content that is read while it is written, by any number of readers, each at its own pace: a temporary file, and its
 * last few MiB in memory. The file has no name any more by the time bytes come, so that nothing is left of it when the
 * process dies. It is closed when nobody holds the spool.
 */
export class Spool {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #window: Piece[] = [];
  #windowBytes = 0;
  #size = 0;
  #written = 0;
  #end: { readonly failure: Error | undefined } | undefined;
  #changed = Promise.withResolvers<void>();
  #holders = 1;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /**
   * Makes an empty spool, held once.
   *
   * @param directory Where the temporary file lies; it must exist.
   * @throws RegistryError `STORAGE_FULL`; `UNAVAILABLE` when the directory cannot be written.
   */
  static async create(directory: string): Promise<Spool> {
    const path = join(directory, `${PREFIX}${randomUUID()}`);
    try {
      const spool = new Spool(await open(path, 'wx+', 0o600), path);
      // Where files that are open cannot be removed, it goes when it is closed.
      await rm(path, { force: true }).catch(() => {});
      return spool;
    } catch (error) {
      throw spoolFailure(error);
    }
  }

  /** Bytes that can be read now. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds bytes, which can be read at once. Resolves when more may come.
   *
   * @param chunk Not to be changed any more.
   * @throws RegistryError `STORAGE_FULL`; `UNAVAILABLE` when the directory cannot be written.
   */
  async append(chunk: Uint8Array): Promise<void> {
    this.#window.push({ offset: this.#size, chunk });
    this.#windowBytes += chunk.byteLength;
    this.#size += chunk.byteLength;
    this.#wake();
    try {
      await writeAll(this.#file, chunk, this.#written);
    } catch (error) {
      throw spoolFailure(error);
    }
    this.#written += chunk.byteLength;
    this.#shrinkWindow();
  }

  /** Says that no bytes will come any more; readers meet the failure, if there is one, after the last of them. */
  finish(failure?: Error): void {
    this.#end ??= { failure };
    this.#wake();
  }

  /**
   * Reads what lies at an offset, as much as is at hand; waits when nothing is there yet.
   *
   * @param maximum Bytes of memory that a read may take of its own.
   * @returns Memory shared with other readers; `undefined` at the end.
   * @throws what the spool was finished with.
   */
  async read(offset: number, maximum: number): Promise<Uint8Array | undefined> {
    while (offset >= this.#size) {
      if (this.#end?.failure) throw this.#end.failure;
      if (this.#end) return undefined;
      await this.#changed.promise;
    }
    return this.#fromWindow(offset) ?? this.#fromFile(offset, maximum);
  }

  /** Keeps the spool until the function returned is called; calling it again does nothing. */
  hold(): () => void {
    this.#holders++;
    let isHeld = true;
    return () => {
      if (isHeld) this.release();
      isHeld = false;
    };
  }

  /** Gives up the hold that `create` gave. */
  release(): void {
    this.#holders--;
    if (this.#holders > 0) return;
    // Waits by itself for reads that are under way.
    void this.#file.close().catch(() => {});
    void rm(this.#path, { force: true }).catch(() => {});
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #fromWindow(offset: number): Uint8Array | undefined {
    for (let index = this.#window.length - 1; index >= 0; index--) {
      const piece = this.#window[index]!;
      if (piece.offset <= offset) return piece.chunk.subarray(offset - piece.offset);
    }
    return undefined;
  }

  async #fromFile(offset: number, maximum: number): Promise<Uint8Array> {
    const length = Math.min(maximum, this.#written - offset);
    const { buffer, bytesRead } = await this.#file.read(
      Buffer.allocUnsafe(length),
      0,
      length,
      offset,
    );
    return buffer.subarray(0, bytesRead);
  }

  #shrinkWindow(): void {
    while (this.#windowBytes > WINDOW_BYTES && this.#window.length > 1) {
      this.#windowBytes -= this.#window.shift()!.chunk.byteLength;
    }
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength;) {
    const { bytesWritten } = await file.write(
      chunk,
      done,
      chunk.byteLength - done,
      position + done,
    );
    done += bytesWritten;
  }
}

function spoolFailure(error: unknown): RegistryError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new RegistryError('STORAGE_FULL', {
      message: 'no space left in the spool directory for content on its way',
      cause: error,
    });
  }
  return new RegistryError('UNAVAILABLE', {
    message: `cannot write to the spool directory: ${code}; try again later`,
    cause: error,
  });
}
