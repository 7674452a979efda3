import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type {
  AppendOptions,
  BlobStore,
  BlobWriter,
  MountOptions,
  OpenOptions,
  PutBlobOptions,
  UploadStatus,
} from '../blob.ts';
import { OCTET_STREAM, type Descriptor } from '../descriptor.ts';
import { contentMismatch, digestOf, supportedAlgorithmOf, type Digest } from '../digest.ts';
import { RegistryError } from '../errors.ts';
import { exactLength } from '../exact-length.ts';
import { Exclusive } from '../exclusive.ts';
import type { OperationOptions } from '../options.ts';
import type { RepositoryName } from '../repository-name.ts';

interface Upload {
  readonly startedAt: Date;
  readonly received: Uint8Array[];
}

/** The blobs of one repository in memory. */
export class MemoryBlobs implements BlobStore {
  readonly #content = new Map<Digest, Uint8Array>();
  readonly #uploads = new Map<string, Upload>();
  readonly #sessions = new Exclusive();
  readonly #sibling: (name: RepositoryName) => MemoryBlobs;
  readonly #names: () => readonly RepositoryName[];
  readonly #deletion: boolean;

  constructor(options: {
    deletion: boolean;
    sibling: (name: RepositoryName) => MemoryBlobs;
    names: () => readonly RepositoryName[];
  }) {
    this.#deletion = options.deletion;
    this.#sibling = options.sibling;
    this.#names = options.names;
  }

  /** Whether anything is here or on its way. */
  get used(): boolean {
    return this.#content.size + this.#uploads.size > 0;
  }

  clear(): void {
    this.#content.clear();
    this.#uploads.clear();
  }

  async stat(digest: Digest, { signal }: OperationOptions = {}): Promise<Descriptor | undefined> {
    signal?.throwIfAborted();
    const content = this.#content.get(digest);
    return content && describe(content);
  }

  async open(digest: Digest, { range, signal }: OpenOptions = {}): Promise<Readable> {
    signal?.throwIfAborted();
    const content = this.#find(digest);
    const { start, end } = range ?? { start: 0, end: content.byteLength - 1 };
    if (range !== undefined && (start < 0 || start > end || end >= content.byteLength)) {
      throw new RegistryError('RANGE_UNSATISFIABLE', { detail: { size: content.byteLength } });
    }
    return Readable.from([Buffer.from(content.subarray(start, end + 1))], { objectMode: false });
  }

  async locate(): Promise<undefined> {}

  async put(content: Uint8Array, { mediaType }: PutBlobOptions = {}): Promise<Descriptor> {
    const descriptor = describe(content, mediaType);
    this.#content.set(descriptor.digest, content);
    return descriptor;
  }

  async mount(
    digest: Digest,
    { from, mayRead = () => true, signal }: MountOptions,
  ): Promise<Descriptor | undefined> {
    signal?.throwIfAborted();
    for (const name of from === undefined ? this.#names() : [from]) {
      if (from === undefined && !(await mayRead(name))) continue;
      const content = this.#sibling(name).#content.get(digest);
      if (content === undefined) continue;
      this.#content.set(digest, content);
      return describe(content);
    }
    return undefined;
  }

  async delete(digest: Digest): Promise<void> {
    if (!this.#deletion) throw new RegistryError('UNSUPPORTED');
    this.#find(digest);
    this.#content.delete(digest);
  }

  async create({ signal }: OperationOptions = {}): Promise<BlobWriter> {
    signal?.throwIfAborted();
    const id = randomUUID();
    this.#uploads.set(id, { startedAt: new Date(), received: [] });
    return this.resume(id);
  }

  async resume(id: string, options?: OperationOptions): Promise<BlobWriter> {
    const release = await this.#sessions.acquire(id, options);
    const upload = this.#uploads.get(id);
    if (upload === undefined) {
      release();
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', { detail: { id } });
    }
    return new MemoryBlobWriter(id, upload, {
      release,
      end: () => this.#uploads.delete(id),
      store: (digest, content) => this.#store(digest, content),
    });
  }

  async uploadStatus(id: string): Promise<UploadStatus> {
    const upload = this.#uploads.get(id);
    if (upload === undefined) throw new RegistryError('BLOB_UPLOAD_UNKNOWN', { detail: { id } });
    return { id, startedAt: upload.startedAt, size: sizeOf(upload) };
  }

  #store(digest: Digest, content: Uint8Array): Descriptor {
    const descriptor = describe(content);
    this.#content.set(digest, content);
    this.#content.set(descriptor.digest, content);
    return descriptor;
  }

  #find(digest: Digest): Uint8Array {
    const content = this.#content.get(digest);
    if (content === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    return content;
  }
}

interface WriterHooks {
  release(): void;
  end(): void;
  store(digest: Digest, content: Uint8Array): Descriptor;
}

class MemoryBlobWriter implements BlobWriter {
  readonly id: string;
  readonly #upload: Upload;
  readonly #hooks: WriterHooks;
  #open = true;

  constructor(id: string, upload: Upload, hooks: WriterHooks) {
    this.id = id;
    this.#upload = upload;
    this.#hooks = hooks;
  }

  get startedAt(): Date {
    return this.#upload.startedAt;
  }

  get size(): number {
    return sizeOf(this.#upload);
  }

  async append(content: AsyncIterable<Uint8Array>, options: AppendOptions = {}): Promise<void> {
    this.#checkOpen();
    const { offset = this.size, length, signal } = options;
    signal?.throwIfAborted();
    if (offset !== this.size) {
      throw new RegistryError('UPLOAD_OUT_OF_ORDER', { detail: { size: this.size } });
    }
    for await (const chunk of exactLength(length, content)) {
      signal?.throwIfAborted();
      this.#upload.received.push(Uint8Array.from(chunk));
    }
  }

  async commit(expected: Digest): Promise<Descriptor> {
    this.#checkOpen();
    this.#finish(true);
    const content = Buffer.concat(this.#upload.received);
    const actual = digestOf(content, supportedAlgorithmOf(expected));
    if (actual !== expected) throw contentMismatch(expected);
    return this.#hooks.store(expected, content);
  }

  async cancel(): Promise<void> {
    this.#checkOpen();
    this.#finish(true);
  }

  async close(): Promise<void> {
    if (this.#open) this.#finish(false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #finish(sessionEnds: boolean): void {
    this.#open = false;
    if (sessionEnds) this.#hooks.end();
    this.#hooks.release();
  }

  #checkOpen(): void {
    if (!this.#open) throw new TypeError(`upload ${this.id} is not held by this writer any more`);
  }
}

function sizeOf(upload: Upload): number {
  return upload.received.reduce((total, chunk) => total + chunk.byteLength, 0);
}

function describe(content: Uint8Array, mediaType = OCTET_STREAM): Descriptor {
  return { mediaType, digest: digestOf(content), size: content.byteLength };
}
