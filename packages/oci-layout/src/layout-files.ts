import type { Readable } from 'node:stream';
import { RegistryError, type ByteRange } from '@purser/core';

/** The files of a layout, by paths such as `blobs/sha256/<hex>`, wherever they are. */
export interface LayoutFiles {
  /**
   * Reads a small file; `undefined` when it is not there.
   *
   * @throws RegistryError `SIZE_INVALID` when it is larger than `maximumBytes`: nothing of it is read.
   */
  read(path: string, maximumBytes: number): Promise<Uint8Array | undefined>;

  /** Bytes; `undefined` when it is not there. */
  size(path: string): Promise<number | undefined>;

  /** Opens a file for reading; `undefined` when it is not there. The range lies inside the file. */
  open(path: string, range?: ByteRange): Promise<Readable | undefined>;

  /** Differs after each change of a file; `undefined` when it is not there. */
  version(path: string): Promise<string | undefined>;
}

/** Files that can be changed. */
export interface WritableLayoutFiles extends LayoutFiles {
  /** Creates or replaces a file, whole or not at all; it has survived a loss of power at the end. */
  write(path: string, content: Uint8Array): Promise<void>;

  /** Gives a finished file its name, as `write` does. */
  publish(temporary: string, path: string): Promise<void>;

  /** @returns Whether it was there. */
  remove(path: string): Promise<boolean>;

  /** The path, in terms of the operating system, under which what is being received is kept. Its directory exists. */
  prepareTemporary(name: string): Promise<string>;

  /** The same path, without making anything. */
  temporaryPath(name: string): string;
}

/** @throws RegistryError `UNSUPPORTED` when the files cannot be changed. */
export function writableFiles(files: LayoutFiles): WritableLayoutFiles {
  if ('write' in files) return files as WritableLayoutFiles;
  throw new RegistryError('UNSUPPORTED', {
    message: 'an archive cannot be changed: copy it to a directory, or write another one',
  });
}

/** The error for a file that is larger than it may be. */
export function fileTooLarge(path: string, maximumBytes: number): RegistryError {
  return new RegistryError('SIZE_INVALID', {
    message: `${path} is larger than ${maximumBytes} bytes`,
    detail: { maximumBytes },
  });
}
