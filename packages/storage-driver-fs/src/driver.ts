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
import { codeOfErrno, isErrno } from './errno.ts';
import { readChildren } from './listing.ts';
import { moveFile } from './move.ts';
import { resolveOptions, type FilesystemDriverOptions } from './options.ts';
import { openReader } from './reader.ts';
import { removeEmptyParents, removeTree } from './remove.ts';
import { statOrMissing } from './stat.ts';
import { openSink } from './writer.ts';

/**
 * Keeps bytes in a directory of the local file system.
 *
 * Beyond what `StorageDriver` says: every call may fail with `BUSY` when the process is out of file handles, and a path
 * whose last name ends like that of a temporary file (`.<uuid>.tmp`) cannot be written: `PATH_INVALID`.
 *
 * @see distribution, registry/storage/driver/filesystem/driver.go.
 */
export class FilesystemDriver extends BaseDriver {
  readonly name = 'filesystem';
  readonly #root: string;
  readonly #limit: ConcurrencyLimit;
  readonly #chunks = new ChunkPool();

  /** @throws TypeError for options that cannot be meant. */
  constructor(options: FilesystemDriverOptions) {
    super();
    const { rootDirectory, maxConcurrency } = resolveOptions(options);
    this.#root = rootDirectory;
    this.#limit = new ConcurrencyLimit(maxConcurrency);
  }

  protected override doGetContent(path: string, { signal }: CallContext): Promise<Uint8Array> {
    return this.#limit.run(() => readFile(this.#resolve(path), { signal }), signal);
  }

  protected override async doPutContent(
    path: string,
    content: Uint8Array,
    context: CallContext & { readonly durable: boolean },
  ): Promise<void> {
    refuseTemporaryName(path);
    const target = this.#resolve(path);
    await this.#limit.run(() => writeAtomically(target, content, context), context.signal);
  }

  protected override async doCreate(
    path: string,
    content: Uint8Array,
    { signal }: CallContext,
  ): Promise<boolean> {
    refuseTemporaryName(path);
    const target = this.#resolve(path);
    return this.#limit.run(() => createAtomically(target, content, { signal }), signal);
  }

  protected override doOpenReader(
    path: string,
    { signal, ...range }: CallContext & ReaderRange,
  ): Promise<Readable> {
    const fail = (error: unknown) =>
      this.failure(error, { operation: 'openReader', path }) as Error;
    const context = { pool: this.#chunks, fail };
    return this.#limit.run(() => openReader(this.#resolve(path), range, context), signal);
  }

  protected override async doOpenWriter(
    path: string,
    { signal, append }: CallContext & { readonly append: boolean },
  ): Promise<FileSink> {
    refuseTemporaryName(path);
    return this.#limit.run(() => openSink(this.#resolve(path), append), signal);
  }

  protected override async doStat(
    path: string,
    { signal }: CallContext,
  ): Promise<FileInfo | undefined> {
    const stats = await this.#limit.run(() => statOrMissing(this.#resolve(path)), signal);
    if (stats === undefined) return undefined;
    const isDirectory = stats.isDirectory();
    return { path, isDirectory, size: isDirectory ? 0 : stats.size, modifiedAt: stats.mtime };
  }

  protected override async *doList(
    path: string,
    { signal, after }: CallContext & { readonly after: string | undefined },
  ): AsyncGenerator<readonly Entry[], void> {
    const listing = { directory: this.#resolve(path), prefix: joinPath(path, ''), after };
    yield await this.#limit.run(() => readChildren(listing), signal);
  }

  protected override doListAbandoned(
    path: string,
    context: CallContext & { readonly before: Date },
  ): AsyncIterable<FileInfo> {
    return findAbandoned({ directory: this.#resolve(path), path, ...context });
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
      await this.#limit.run(() => moveFile(from, to), signal);
    } catch (error) {
      const code = codeOfErrno(error);
      throw code === undefined ? error : new Refusal(code, { path: destination, cause: error });
    }
  }

  protected override doDelete(path: string, { signal }: CallContext): Promise<void> {
    const target = this.#resolve(path);
    return this.#limit.run(async () => {
      await removeTree(target);
      await removeEmptyParents(target, this.#root);
    }, signal);
  }

  protected override codeOf(error: unknown, operation: string): DriverErrorCode | undefined {
    // What is below a file is missing, for whoever does not want to write there.
    if (isErrno(error, 'ENOTDIR') && READING.has(operation)) return 'PATH_NOT_FOUND';
    return codeOfErrno(error);
  }

  #resolve(path: string): string {
    return path === '/' ? this.#root : this.#root + path;
  }
}

const READING: ReadonlySet<string> = new Set(['getContent', 'openReader', 'delete']);

/** Listings leave such files out, and content that is not listed is content that gets lost. */
function refuseTemporaryName(path: string): void {
  if (!isTemporaryName(nameOfPath(path))) return;
  throw new Refusal('PATH_INVALID', { path, message: 'this name is kept for temporary files' });
}
