import type { Readable } from 'node:stream';
import type { Descriptor } from './descriptor.ts';
import type { Digest, DigestAlgorithm } from './digest.ts';
import type { OperationOptions } from './options.ts';
import type { RepositoryName } from './repository-name.ts';

/** The bytes from `start` to `end`, both inclusive, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface BlobStatter {
  /**
   * What is known of a blob without reading it; `undefined` when this store does not hold it.
   *
   * The descriptor's digest is the one under which the content is kept, which may be another than the one asked for:
   * content pushed by sha512 is kept by sha256.
   */
  stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined>;
}

export interface BlobProvider {
  /**
   * Opens a blob for reading. The caller ends or destroys the stream.
   *
   * @param options.range The whole blob when absent.
   * @throws RegistryError `BLOB_UNKNOWN`; `RANGE_UNSATISFIABLE` when the range does not lie inside the blob.
   * @see OCI distribution-spec, end-2.
   */
  open(digest: Digest, options?: OpenOptions): Promise<Readable>;

  /**
   * A URL from which the client may fetch the blob itself; `undefined` when it must come through this store. A store
   * that makes no URLs need not look whether it holds the blob: `open` tells.
   *
   * @throws RegistryError `BLOB_UNKNOWN` where a URL would be given for a blob that it holds.
   */
  locate(digest: Digest, options: LocateOptions): Promise<URL | undefined>;
}

export interface DescribedBlob {
  readonly descriptor: Descriptor;
  /** The whole blob. */
  readonly content: Readable;
}

/** Opens a blob and tells what is known of it in one step, which beside `stat` and `open` saves a remote request. */
export interface DescribedBlobProvider {
  /**
   * @returns The caller ends or destroys the stream.
   * @throws RegistryError `BLOB_UNKNOWN`.
   * @see OCI distribution-spec, end-2.
   */
  openDescribed(digest: Digest, options?: OperationOptions): Promise<DescribedBlob>;
}

export interface OpenOptions extends OperationOptions {
  readonly range?: ByteRange | undefined;
  /**
   * Whether chunks are only lent: the caller takes them with `for await` and is done with one when it asks for the
   * next, so that its memory may be used again. Default `false`: a chunk is the caller's.
   */
  readonly lend?: boolean | undefined;
}

export interface LocateOptions extends OperationOptions {
  readonly method: 'GET' | 'HEAD';
}

export interface BlobDeleter {
  /**
   * Takes the blob out of this store; other repositories keep it.
   *
   * @throws RegistryError `BLOB_UNKNOWN`; `UNSUPPORTED` when deletion is switched off.
   * @see OCI distribution-spec, end-10.
   */
  delete(digest: Digest, options?: OperationOptions): Promise<void>;
}

/**
 * Takes content in.
 *
 * The life of an upload: `create` begins a session that outlives the writer, the connection and the process;
 * `resume` goes on with it by its id. Content is invisible until `commit`, which makes it visible at once and whole,
 * or not at all. One writer holds a session at a time: `resume` waits for the holder to let go.
 */
export interface BlobIngester {
  /** Stores content that is in memory. Storing what is already there succeeds. */
  put(content: Uint8Array, options?: PutBlobOptions): Promise<Descriptor>;

  create(options?: CreateUploadOptions): Promise<BlobWriter>;

  /**
   * Takes hold of a session begun before, here or in another process.
   *
   * @throws RegistryError `BLOB_UPLOAD_UNKNOWN` when it was never begun, is committed, cancelled or purged, or belongs
   * to another repository; `TOOMANYREQUESTS` when more wait for the holder than the store lets wait.
   */
  resume(id: string, options?: OperationOptions): Promise<BlobWriter>;

  /**
   * Looks at a session without taking hold of it, so that it answers while a transfer is running.
   *
   * @throws RegistryError `BLOB_UPLOAD_UNKNOWN`.
   */
  uploadStatus(id: string, options?: OperationOptions): Promise<UploadStatus>;
}

export interface CreateUploadOptions extends OperationOptions {
  /**
   * The algorithm of the digest that the upload will be committed by, so that content need not be read again then. A
   * hint: any other may come. sha256 when absent.
   */
  readonly algorithm?: DigestAlgorithm | undefined;
}

export interface PutBlobOptions extends OperationOptions {
  /** `application/octet-stream` when absent. */
  readonly mediaType?: string;
}

export interface BlobMounter {
  /**
   * Makes a blob of another repository visible in this one, without copying.
   *
   * @returns `undefined` when that repository does not hold it, or, without `from`, no other was found that does.
   * @see OCI distribution-spec, end-11.
   */
  mount(digest: Digest, options: MountOptions): Promise<Descriptor | undefined>;
}

export interface MountOptions extends OperationOptions {
  /** Where the blob is. When absent it is looked for in the repositories that `mayRead` allows. */
  readonly from?: RepositoryName | undefined;
  /**
   * Whether the caller may read a repository, asked before one is looked at that was not named by `from`: to find a
   * blob is to learn of it. All of them may be read when absent.
   */
  readonly mayRead?: ((name: RepositoryName) => boolean | Promise<boolean>) | undefined;
}

export interface UploadStatus {
  /** A UUID. */
  readonly id: string;
  readonly startedAt: Date;
  /** Bytes received so far. */
  readonly size: number;
}

/**
 * Holds one upload session.
 *
 * After `commit` the session is gone, whether it succeeded or not; after `cancel` too. After `close` it can be resumed.
 * A second `close`, and a `close` after `commit` or `cancel`, does nothing; any other call then is a `TypeError`.
 */
export interface BlobWriter extends UploadStatus, AsyncDisposable {
  /**
   * Adds content to the end. When the content fails half-way, what came before stays, so that a client can go on.
   *
   * @throws RegistryError `UPLOAD_OUT_OF_ORDER` when `offset` is not the size so far: nothing is added and the
   * session stays as it was. `SIZE_INVALID` when the content is not `length` bytes long: bytes beyond are not added.
   * `STORAGE_FULL` when it does not fit.
   */
  append(content: AsyncIterable<Uint8Array>, options?: AppendOptions): Promise<void>;

  /**
   * Checks the content against its digest and makes it visible.
   *
   * @returns The descriptor, whose digest is the one under which the content is kept.
   * @throws RegistryError `DIGEST_INVALID` when it does not match, or the algorithm is not supported: nothing is
   * stored, and the session is discarded.
   */
  commit(expected: Digest, options?: OperationOptions): Promise<Descriptor>;

  /** Discards the session and what it received. */
  cancel(options?: OperationOptions): Promise<void>;

  /** Lets go of the session, which keeps what it received. */
  close(): Promise<void>;
}

export interface AppendOptions extends OperationOptions {
  /** Where the content is meant to start, in bytes; unchecked when absent. */
  readonly offset?: number | undefined;
  /** How many bytes the content is meant to have; unchecked when absent. */
  readonly length?: number | undefined;
}

/** The blobs of one repository. A blob exists here only through this repository's link: a link is the right to read. */
export interface BlobStore
  extends BlobStatter, BlobProvider, BlobIngester, BlobMounter, BlobDeleter {}
