import type { Readable } from 'node:stream';
import {
  BaseDriver,
  faultOfPath,
  joinPath,
  Refusal,
  ROOT_PATH,
  type CallContext,
  type DriverErrorCode,
  type Entry,
  type FileInfo,
  type FileSink,
  type ReaderRange,
  type WalkOptions,
} from '@purser/storage-driver';
import { Bucket } from './bucket.ts';
import { createStorage } from './create-storage.ts';
import { codeOfError, statusOf } from './errors.ts';
import { listChildren, type Directory } from './listing.ts';
import { moveObject } from './move.ts';
import { resolveOptions, type GcsDriverOptions, type ResolvedOptions } from './options.ts';
import { openReader } from './reader.ts';
import { removeTree } from './remove.ts';
import { Requests } from './requests.ts';
import { signUrl, type UrlSigner } from './signed-url.ts';
import { statObject } from './stat.ts';
import { FILE_CONTENT_TYPE, UPLOAD_CONTENT_TYPE } from './stored-upload.ts';
import { walkObjects } from './walk.ts';
import { openSink } from './writer.ts';

/** Bytes of the longest name that an object can have. */
const MAXIMUM_KEY_LENGTH = 1024;

/**
 * Keeps bytes in a bucket of Google Cloud Storage.
 *
 * Beyond what `StorageDriver` says: an unfinished upload is there for `stat` and listings, with the bytes accepted so
 * far, but cannot be read: `PATH_NOT_FOUND`. A move is a copy and a deletion. A file and a directory can share a path.
 *
 * @see distribution, registry/storage/driver/gcs/gcs.go.
 */
export class GcsDriver extends BaseDriver {
  readonly name = 'gcs';
  readonly #options: ResolvedOptions;
  readonly #bucket: Bucket;
  readonly #signer: UrlSigner | undefined;

  /** @throws TypeError for options that cannot be meant. */
  constructor(options: GcsDriverOptions) {
    super();
    const resolved = resolveOptions(options);
    this.#options = resolved;
    const { storage, signer } = createStorage(resolved);
    this.#signer = signer;
    const requests = new Requests({ ...resolved, storage, isAuthorised: !resolved.isEmulator });
    this.#bucket = new Bucket(requests, resolved.bucket);
  }

  protected override async doGetContent(
    path: string,
    { signal }: CallContext,
  ): Promise<Uint8Array> {
    const { content, headers } = await this.#bucket.readAll(this.#keyOf(path), { signal });
    if (headers['content-type'] === UPLOAD_CONTENT_TYPE) throw new Refusal('PATH_NOT_FOUND');
    return content;
  }

  protected override async doPutContent(
    path: string,
    content: Uint8Array,
    { signal }: CallContext,
  ): Promise<void> {
    const options = { contentType: FILE_CONTENT_TYPE, signal };
    await this.#bucket.insert(this.#keyOf(path), content, options);
  }

  protected override async doCreate(
    path: string,
    content: Uint8Array,
    { signal }: CallContext,
  ): Promise<boolean> {
    const options = { contentType: FILE_CONTENT_TYPE, ifGenerationMatch: '0', signal };
    try {
      await this.#bucket.insert(this.#keyOf(path), content, options);
      return true;
    } catch (error) {
      if (statusOf(error) === 412) return false;
      throw error;
    }
  }

  protected override doOpenReader(
    path: string,
    { signal, offset, length }: CallContext & ReaderRange,
  ): Promise<Readable> {
    const object = { bucket: this.#bucket, key: this.#keyOf(path) };
    const fail = (error: unknown) =>
      this.failure(error, { operation: 'openReader', path, signal }) as Error;
    return openReader(object, { offset, length }, { signal, fail });
  }

  protected override async doOpenWriter(
    path: string,
    context: CallContext & { readonly append: boolean },
  ): Promise<FileSink> {
    const { chunkSize } = this.#options;
    return openSink({ bucket: this.#bucket, key: this.#keyOf(path), chunkSize }, context);
  }

  protected override doStat(
    path: string,
    context: CallContext & { readonly isFileMeant: boolean },
  ): Promise<FileInfo | undefined> {
    const key = path === ROOT_PATH ? undefined : this.#keyOf(path);
    return statObject(this.#bucket, { path, key, prefix: this.#prefixOf(path) }, context);
  }

  protected override doList(
    path: string,
    options: CallContext & { readonly after: string | undefined },
  ): AsyncIterable<readonly Entry[]> {
    return listChildren(this.#directoryAt(path), options);
  }

  /** A whole tree is listed at once; part of one, directory by directory. */
  override walk(path: string, options: WalkOptions = {}): AsyncIterable<Entry> {
    const isWhole = options.after === undefined && options.enter === undefined;
    const isPath = path === ROOT_PATH || faultOfPath(path) === undefined;
    return isWhole && isPath ? this.#walkWhole(path, options) : super.walk(path, options);
  }

  protected override doMove(
    source: string,
    destination: string,
    { signal }: CallContext,
  ): Promise<void> {
    const keys = { source: this.#keyOf(source), destination: this.#keyOf(destination) };
    return moveObject(this.#bucket, keys, signal);
  }

  protected override async doDelete(path: string, { signal }: CallContext): Promise<void> {
    await removeTree(this.#bucket, this.#keyOf(path), signal);
  }

  /**
   * Does not look whether the file is there. An emulator without a key gives no URL, nor do credentials of a person: the
   * bytes then go through the caller.
   */
  protected override async doLocate(
    path: string,
    { method, signal }: CallContext & { readonly method: 'GET' | 'HEAD' },
  ): Promise<URL | undefined> {
    const { bucket, endpoint } = this.#options;
    const signer = this.#signer;
    if (signer === undefined) return undefined;
    const key = this.#keyOf(path);
    const sign = () => signUrl(signer, { endpoint, bucket, key, method, now: new Date() });
    const { requests } = this.#bucket;
    return requests.retry.run(() => requests.call(sign, signal), signal);
  }

  protected override codeOf(error: unknown): DriverErrorCode | undefined {
    return codeOfError(error);
  }

  async *#walkWhole(path: string, { signal }: WalkOptions): AsyncGenerator<Entry, void> {
    signal?.throwIfAborted();
    const walkAfter = (after: string) => super.walk(path, { signal, after });
    try {
      for await (const entry of walkObjects(this.#directoryAt(path), { signal, walkAfter })) {
        yield entry;
        signal?.throwIfAborted();
      }
    } catch (error) {
      if (path === ROOT_PATH && error instanceof Refusal && error.code === 'PATH_NOT_FOUND') return;
      throw this.failure(error, { operation: 'walk', path, signal });
    }
  }

  #directoryAt(path: string): Directory {
    return {
      bucket: this.#bucket,
      prefix: this.#prefixOf(path),
      pathPrefix: joinPath(path, ''),
    };
  }

  #keyOf(path: string): string {
    const key = this.#options.keyPrefix + path.slice(1);
    if (Buffer.byteLength(key) > MAXIMUM_KEY_LENGTH) throw new Refusal('PATH_TOO_LONG');
    return key;
  }

  /** What the names of all objects in a directory begin with. */
  #prefixOf(path: string): string {
    return this.#options.keyPrefix + joinPath(path, '').slice(1);
  }
}
