import type { Readable } from 'node:stream';

/** Accepted last by every call that can wait. */
export interface DriverOptions {
  /** Ends the call early; it then rejects with the signal's reason. What is half written stays invisible. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A place that keeps bytes under paths. It has never heard of a container.
 *
 * Paths are absolute: `/docker/registry/v2/…`; see `path.ts` for their grammar. Directories are not made: they are
 * there while something is below them. `delete` takes those that it empties; a `move` or a cancelled writer may leave them.
 *
 * Every call may also fail with DriverError `PATH_INVALID`, `PATH_TOO_LONG`, `PERMISSION_DENIED`, `READ_ONLY`, `BUSY`,
 * `UNAVAILABLE` or `FAILED`.
 *
 * @see distribution, registry/storage/driver/storagedriver.go.
 */
export interface StorageDriver {
  /** For errors and metrics: `filesystem`. */
  readonly name: string;

  /**
   * Reads a whole file; meant for small ones.
   *
   * @throws DriverError `PATH_NOT_FOUND`, `NOT_A_FILE`.
   */
  getContent(path: string, options?: DriverOptions): Promise<Uint8Array>;

  /**
   * Creates or replaces a whole file. Readers see the old content or the new one, never a part; of concurrent calls
   * the last one wins whole. When it fails, the old content stays.
   *
   * @throws DriverError `NO_SPACE`; `NOT_A_FILE` over a directory; `NOT_A_DIRECTORY` below a file.
   */
  putContent(path: string, content: Uint8Array, options?: PutContentOptions): Promise<void>;

  /**
   * Creates a file unless something stands there, as durably as `putContent`. Of concurrent calls, by any process,
   * exactly one creates it. Absent in a driver whose backend cannot promise that: then no lease can be kept there.
   *
   * @returns Whether this call created it.
   * @throws DriverError `NO_SPACE`; `NOT_A_DIRECTORY` below a file.
   */
  readonly create?:
    | ((path: string, content: Uint8Array, options?: DriverOptions) => Promise<boolean>)
    | undefined;

  /**
   * Opens a file for reading. The caller ends or destroys the stream; an early destroy frees everything.
   * Memory stays bounded however slowly it is read. Replacing or deleting the file meanwhile does not mix contents.
   *
   * @throws DriverError `PATH_NOT_FOUND`, `NOT_A_FILE`, before the stream is given; `OFFSET_INVALID` when `offset` or
   * `length` is negative or not an integer. An offset at the end gives an empty stream; one beyond it, too.
   */
  openReader(path: string, options?: ReaderOptions): Promise<Readable>;

  /**
   * Opens a file for writing. With `append` it goes on where an earlier writer stopped, and starts empty when nothing
   * is there; without, it starts empty and an existing file is lost. Whether content that is not committed can be
   * read is the driver's affair: do not ask.
   *
   * @throws DriverError `NOT_A_FILE`, `NOT_A_DIRECTORY`, `NO_SPACE`.
   */
  openWriter(path: string, options?: WriterOptions): Promise<FileWriter>;

  /** What stands at a path; `undefined` when nothing does. `/` is always a directory. */
  stat(path: string, options?: StatOptions): Promise<FileInfo | undefined>;

  /**
   * The direct children of a directory, in byte order of their names, in pages whose size is the driver's choice:
   * handing over each entry by itself costs more than finding it. `entriesOf` takes them one by one.
   *
   * @throws DriverError `PATH_NOT_FOUND`, except for `/`, which may be empty; `NOT_A_DIRECTORY`.
   */
  list(path: string, options?: DriverListOptions): AsyncIterable<readonly Entry[]>;

  /**
   * Everything below a directory, depth first, a directory before what is in it, siblings in byte order of their
   * names: `/a`, `/a/b`, `/a-b`. What vanishes meanwhile is left out. Leaving early costs nothing more.
   *
   * @throws DriverError `PATH_NOT_FOUND`, except for `/`; `NOT_A_DIRECTORY`.
   */
  walk(path: string, options?: WalkOptions): AsyncIterable<Entry>;

  /**
   * Renames a file, not a directory, over an existing one; atomic where the backend can. When it fails, the destination is as before.
   *
   * @throws DriverError `PATH_NOT_FOUND` for the source; `NOT_A_FILE` when the destination is a directory.
   */
  move(source: string, destination: string, options?: DriverOptions): Promise<void>;

  /**
   * Deletes a file, or a directory with everything below it. `/a` is not a prefix of `/ab`. Directories above that hold
   * nothing else go too, `/` excepted; whoever writes into one at the same time loses nothing.
   *
   * @throws DriverError `PATH_NOT_FOUND`.
   */
  delete(path: string, options?: DriverOptions): Promise<void>;

  /**
   * What writers that died left below a directory and no other call shows: temporary files, which `delete` takes.
   * Absent in a driver that leaves nothing. Nothing is below a directory that is missing.
   *
   * @param options.before Only what was last written before this moment, lest a writer that lives loses its file.
   */
  readonly listAbandoned?:
    | ((path: string, options: ListAbandonedOptions) => AsyncIterable<FileInfo>)
    | undefined;

  /**
   * A URL from which a client may fetch the file for a while; `undefined` when the driver makes none.
   *
   * @throws DriverError `PATH_NOT_FOUND` where the driver looks; it need not.
   */
  locate(path: string, options: DriverLocateOptions): Promise<URL | undefined>;
}

export interface StatOptions extends DriverOptions {
  /**
   * `file` when only a file counts: a directory is then `undefined`. A backend without directories has to look for one
   * wherever no file is, and is spared that. Default: both count.
   */
  readonly only?: 'file' | undefined;
}

export interface PutContentOptions extends DriverOptions {
  /**
   * Whether the content has survived a loss of power when the call returns. Default `true`. With `false` the file may
   * be lost or empty after one; as long as the power stays, it is never there in part.
   */
  readonly durable?: boolean | undefined;
}

export interface ReaderOptions extends DriverOptions {
  /** Bytes to leave out at the start: an integer, 0 or more. Default 0. */
  readonly offset?: number | undefined;
  /** The most bytes to give: an integer, 0 or more. To the end when absent. */
  readonly length?: number | undefined;
  /**
   * Whether chunks are only lent: the caller takes them with `for await` and is done with one when it asks for the
   * next, so that the driver may use its memory again. Default `false`: a chunk is the caller's.
   */
  readonly lend?: boolean | undefined;
}

export interface WriterOptions extends DriverOptions {
  /** Default `false`. */
  readonly append?: boolean | undefined;
}

export interface DriverListOptions extends DriverOptions {
  /** Only children whose name sorts strictly after this text, which need not name one. */
  readonly after?: string | undefined;
}

export interface WalkOptions extends DriverOptions {
  /** Only what the walk meets strictly after this path, which need not exist and is below the start. */
  readonly after?: string | undefined;
  /** Whether to look inside a directory. Always, when absent. */
  readonly enter?: ((directory: string) => boolean) | undefined;
}

export interface ListAbandonedOptions extends DriverOptions {
  readonly before: Date;
}

export interface DriverLocateOptions extends DriverOptions {
  readonly method: 'GET' | 'HEAD';
}

/** A child of a directory. */
export interface Entry {
  /** The last part of the path. */
  readonly name: string;
  /** Absolute, without a trailing slash. */
  readonly path: string;
  readonly isDirectory: boolean;
}

export interface FileInfo {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Bytes; 0 for a directory. */
  readonly size: number;
  readonly modifiedAt: Date;
}

/**
 * Writes one file from front to back.
 *
 * After `close` the file can be opened again with `append`. After `commit` it is complete and readable. After `cancel`
 * it is gone. A second `close`, and a `close` after `commit` or `cancel`, does nothing; any other call then rejects
 * with a `TypeError`. After a failed `write`, `commit` fails with the same error; `close` and `cancel` still work.
 */
export interface FileWriter extends AsyncDisposable {
  /**
   * Bytes accepted so far, with those that were there when it was opened. After `commit`, all bytes of the file: where
   * another writer could append to it meanwhile, also those.
   */
  readonly size: number;

  /**
   * Accepts bytes. Resolves when more may come: at most a few MiB are held. The caller must not touch the array again.
   *
   * @throws DriverError `NO_SPACE`, possibly for bytes accepted by an earlier call.
   */
  write(content: Uint8Array): Promise<void>;

  /** Makes the file complete and readable; it has survived a loss of power when the call returns. */
  commit(): Promise<void>;

  /** Lets go of the file, keeping what was accepted, which has survived a loss of power when the call returns. */
  close(): Promise<void>;

  /** Removes the file, with what an earlier writer left in it. */
  cancel(): Promise<void>;
}
