import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  BaseDriver,
  ConcurrencyLimit,
  joinPath,
  nameOfPath,
  Refusal,
  type CallContext,
  type DriverErrorCode,
  type Entry,
  type FileInfo,
  type FileSink,
  type ReaderRange,
} from '@purser/storage-driver';
import { findAbandoned } from './abandoned.ts';
import { createAtomically, isTemporaryName, writeAtomically } from './atomic-write.ts';
import { ChunkPool } from './chunk-pool.ts';
import { DirectoryListings, readDirectoryState } from './directory-listings.ts';
import { codeOfErrno, isErrno } from './errno.ts';
import { pagesOf, readChildren } from './listing.ts';
import { moveFile } from './move.ts';
import { resolveOptions, type FilesystemDriverOptions } from './options.ts';
import { openReader } from './reader.ts';
import { removeEmptyParents, removeTree } from './remove.ts';
import { RootDirectory } from './root-directory.ts';
import { statOrMissing } from './stat.ts';
import { openSink } from './writer.ts';

/**
 * Keeps bytes in a directory of the local file system.
 *
 * Beyond what `StorageDriver` says: every call may fail with `BUSY` when the process is out of file handles, and with
 * `UNAVAILABLE` when another directory stands in place of the root, as when what is mounted there went away. A path whose
 * last name ends like that of a temporary file (`.<uuid>.tmp`) cannot be written: `PATH_INVALID`.
 *
 * @see distribution, registry/storage/driver/filesystem/driver.go.
 */
export class FilesystemDriver extends BaseDriver {
  readonly name = 'filesystem';
  readonly #root: RootDirectory;
  readonly #limit: ConcurrencyLimit;
  readonly #chunks = new ChunkPool();
  readonly #listings: DirectoryListings;

  /** @throws TypeError for options that cannot be meant. */
  constructor(options: FilesystemDriverOptions) {
    super();
    const { rootDirectory, maxConcurrency } = resolveOptions(options);
    this.#root = new RootDirectory(rootDirectory);
    this.#limit = new ConcurrencyLimit(maxConcurrency);
    // Several calls wait for these, whose signals are their own.
    this.#listings = new DirectoryListings({
      readChildren: (directory) => this.#read(() => readChildren(directory), undefined),
      readState: (directory) => this.#limit.run(() => readDirectoryState(directory)),
    });
  }

  protected override doGetContent(path: string, { signal }: CallContext): Promise<Uint8Array> {
    return this.#read(() => readFile(this.#resolve(path), { signal }), signal);
  }

  protected override async doPutContent(
    path: string,
    content: Uint8Array,
    context: CallContext & { readonly durable: boolean },
  ): Promise<void> {
    refuseTemporaryName(path);
    const target = this.#resolve(path);
    await this.#write(() => writeAtomically(target, content, context), context.signal);
  }

  protected override async doCreate(
    path: string,
    content: Uint8Array,
    { signal }: CallContext,
  ): Promise<boolean> {
    refuseTemporaryName(path);
    const target = this.#resolve(path);
    return this.#write(() => createAtomically(target, content, { signal }), signal);
  }

  protected override doOpenReader(
    path: string,
    { signal, ...range }: CallContext & ReaderRange,
  ): Promise<Readable> {
    const fail = (error: unknown) =>
      this.failure(error, { operation: 'openReader', path }) as Error;
    const context = { pool: this.#chunks, fail };
    return this.#read(() => openReader(this.#resolve(path), range, context), signal);
  }

  protected override async doOpenWriter(
    path: string,
    { signal, append }: CallContext & { readonly append: boolean },
  ): Promise<FileSink> {
    refuseTemporaryName(path);
    return this.#write(() => openSink(this.#resolve(path), append), signal);
  }

  protected override async doStat(
    path: string,
    { signal }: CallContext,
  ): Promise<FileInfo | undefined> {
    const stats = await this.#read(() => statOrMissing(this.#resolve(path)), signal);
    if (stats === undefined) return undefined;
    const isDirectory = stats.isDirectory();
    return { path, isDirectory, size: isDirectory ? 0 : stats.size, modifiedAt: stats.mtime };
  }

  protected override async *doList(
    path: string,
    { signal, after }: CallContext & { readonly after: string | undefined },
  ): AsyncGenerator<readonly Entry[], void> {
    const children = await this.#listings.childrenOf(this.#resolve(path));
    signal?.throwIfAborted();
    yield* pagesOf(children, { prefix: joinPath(path, ''), after });
  }

  protected override async *doListAbandoned(
    path: string,
    context: CallContext & { readonly before: Date },
  ): AsyncGenerator<FileInfo, void> {
    await this.#root.check();
    yield* findAbandoned({ directory: this.#resolve(path), path, ...context });
  }

  protected override async doMove(
    source: string,
    destination: string,
    { signal }: CallContext,
  ): Promise<void> {
    refuseTemporaryName(destination);
    const from = this.#resolve(source);
    const to = this.#resolve(destination);
    try {
      await this.#write(() => moveFile(from, to), signal);
    } catch (error) {
      const code = codeOfErrno(error);
      throw code === undefined ? error : new Refusal(code, { path: destination, cause: error });
    }
  }

  protected override doDelete(path: string, { signal }: CallContext): Promise<void> {
    const target = this.#resolve(path);
    return this.#write(async () => {
      await removeTree(target, signal);
      await removeEmptyParents(target, this.#root.path);
    }, signal);
  }

  protected override codeOf(error: unknown, operation: string): DriverErrorCode | undefined {
    // What is below a file is missing, for whoever does not want to write there.
    if (isErrno(error, 'ENOTDIR') && READING.has(operation)) return 'PATH_NOT_FOUND';
    return codeOfErrno(error);
  }

  /** What is found proves little of the root, and is not worth a look each time; what is not found is. */
  #read<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#limit.run(async () => {
      await this.#root.checkLately();
      try {
        const found = await work();
        if (found === undefined) await this.#root.check();
        return found;
      } catch (error) {
        if (isErrno(error, 'ENOENT')) await this.#root.check();
        throw error;
      }
    }, signal);
  }

  /** Nothing is written to the disk below when what is mounted at the root has gone. */
  #write<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#limit.run(async () => {
      await this.#root.check();
      return work();
    }, signal);
  }

  #resolve(path: string): string {
    return path === '/' ? this.#root.path : this.#root.path + path;
  }
}

const READING: ReadonlySet<string> = new Set(['getContent', 'openReader', 'delete']);

/** Listings leave such files out, and content that is not listed is content that gets lost. */
function refuseTemporaryName(path: string): void {
  if (!isTemporaryName(nameOfPath(path))) return;
  throw new Refusal('PATH_INVALID', { path, message: 'this name is kept for temporary files' });
}
