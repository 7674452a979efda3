import type { Readable } from 'node:stream';
import type {
  AppendOptions,
  BlobStore,
  BlobWriter,
  CreateUploadOptions,
  Descriptor,
  Digest,
  LocateOptions,
  MountOptions,
  OpenOptions,
  OperationOptions,
  PutBlobOptions,
  UploadStatus,
} from '@purser/core';
import type { BlobOccurrence } from './listener.ts';

type Tell = (occurrence: BlobOccurrence) => Promise<void>;

export class ObservedBlobs implements BlobStore {
  readonly #blobs: BlobStore;
  readonly #tell: Tell;
  readonly #statIsPull: () => boolean;
  readonly #pulled = new Set<Digest>();

  constructor(
    blobs: BlobStore,
    tell: Tell,
    { statIsPull }: { readonly statIsPull: () => boolean },
  ) {
    this.#blobs = blobs;
    this.#tell = tell;
    this.#statIsPull = statIsPull;
  }

  async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    const descriptor = await this.#blobs.stat(digest, options);
    if (this.#statIsPull() && descriptor !== undefined) await this.#tellPull(digest, descriptor);
    return descriptor;
  }

  async open(digest: Digest, options?: OpenOptions): Promise<Readable> {
    const content = await this.#blobs.open(digest, options);
    if (this.#pulled.has(digest)) return content;
    // A failure before the caller listens must not end the process; who reads afterwards still meets it.
    content.on('error', ignore);
    await this.#describePull(digest, options);
    content.off('error', ignore);
    return content;
  }

  async locate(digest: Digest, options: LocateOptions): Promise<URL | undefined> {
    const url = await this.#blobs.locate(digest, options);
    if (url !== undefined) await this.#describePull(digest, options);
    return url;
  }

  async put(content: Uint8Array, options?: PutBlobOptions): Promise<Descriptor> {
    const descriptor = await this.#blobs.put(content, options);
    await this.#tell({ kind: 'blob', action: 'push', descriptor });
    return descriptor;
  }

  async create(options?: CreateUploadOptions): Promise<BlobWriter> {
    return new ObservedWriter(await this.#blobs.create(options), this.#tell);
  }

  async resume(id: string, options?: OperationOptions): Promise<BlobWriter> {
    return new ObservedWriter(await this.#blobs.resume(id, options), this.#tell);
  }

  uploadStatus(id: string, options?: OperationOptions): Promise<UploadStatus> {
    return this.#blobs.uploadStatus(id, options);
  }

  async mount(digest: Digest, options: MountOptions): Promise<Descriptor | undefined> {
    const descriptor = await this.#blobs.mount(digest, options);
    if (descriptor !== undefined) {
      await this.#tell({ kind: 'blob', action: 'mount', descriptor, from: options.from });
    }
    return descriptor;
  }

  async delete(digest: Digest, options?: OperationOptions): Promise<void> {
    await this.#blobs.delete(digest, options);
    await this.#tell({ kind: 'blob', action: 'delete', digest });
  }

  /** Tells of a pull whose blob nobody has looked at. One that cannot be looked at any more is gone: no event. */
  async #describePull(digest: Digest, { signal }: OperationOptions = {}): Promise<void> {
    if (this.#pulled.has(digest)) return;
    const descriptor = await this.#blobs.stat(digest, { signal }).catch(ignore);
    if (descriptor !== undefined) await this.#tellPull(digest, descriptor);
  }

  async #tellPull(digest: Digest, descriptor: Descriptor): Promise<void> {
    if (this.#pulled.has(digest)) return;
    this.#pulled.add(digest);
    await this.#tell({ kind: 'blob', action: 'pull', descriptor });
  }
}

function ignore(): undefined {}

class ObservedWriter implements BlobWriter {
  readonly #writer: BlobWriter;
  readonly #tell: Tell;

  constructor(writer: BlobWriter, tell: Tell) {
    this.#writer = writer;
    this.#tell = tell;
  }

  get id(): string {
    return this.#writer.id;
  }

  get startedAt(): Date {
    return this.#writer.startedAt;
  }

  get size(): number {
    return this.#writer.size;
  }

  append(content: AsyncIterable<Uint8Array>, options?: AppendOptions): Promise<void> {
    return this.#writer.append(content, options);
  }

  async commit(expected: Digest, options?: OperationOptions): Promise<Descriptor> {
    const descriptor = await this.#writer.commit(expected, options);
    await this.#tell({ kind: 'blob', action: 'push', descriptor });
    return descriptor;
  }

  cancel(options?: OperationOptions): Promise<void> {
    return this.#writer.cancel(options);
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}
