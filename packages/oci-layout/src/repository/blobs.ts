import { pipeline, type Readable } from 'node:stream';
import {
  digestOf,
  OCTET_STREAM,
  RegistryError,
  verifyingStream,
  type BlobStore,
  type BlobWriter,
  type CreateUploadOptions,
  type Descriptor,
  type Digest,
  type OpenOptions,
  type OperationOptions,
  type PutBlobOptions,
  type UploadStatus,
} from '@purser/core';
import { writableFiles, type LayoutFiles } from '../layout-files.ts';
import { blobPath } from '../layout-paths.ts';
import type { ManifestGraph } from '../manifest-graph.ts';
import { LayoutUploads } from './uploads.ts';

/** The blobs of a layout: one pool, in which the manifests are too. */
export class LayoutBlobs implements BlobStore {
  readonly #files: LayoutFiles;
  readonly #graph: ManifestGraph;
  readonly #uploads: LayoutUploads;

  constructor(files: LayoutFiles, graph: ManifestGraph) {
    this.#files = files;
    this.#graph = graph;
    this.#uploads = new LayoutUploads(files);
  }

  async stat(digest: Digest, { signal }: OperationOptions = {}): Promise<Descriptor | undefined> {
    signal?.throwIfAborted();
    const path = blobPath(digest);
    const size = path && (await this.#files.size(path));
    return typeof size === 'number' ? { mediaType: OCTET_STREAM, digest, size } : undefined;
  }

  async open(digest: Digest, { range, signal }: OpenOptions = {}): Promise<Readable> {
    const found = await this.stat(digest, { signal });
    if (found === undefined) throw unknownBlob(digest);
    if (range !== undefined) checkRange(range, found.size);
    const content = await this.#files.open(blobPath(digest) ?? '', range);
    if (content === undefined) throw unknownBlob(digest);
    // A part says nothing of the whole.
    if (range !== undefined) return content;
    // Whoever reads learns of a failure from the stream that he reads.
    return pipeline(content, verifyingStream(digest), () => {});
  }

  async locate(): Promise<undefined> {}

  /** A layout has no neighbours. */
  async mount(): Promise<undefined> {}

  async put(
    content: Uint8Array,
    { mediaType = OCTET_STREAM, signal }: PutBlobOptions = {},
  ): Promise<Descriptor> {
    signal?.throwIfAborted();
    const digest = digestOf(content);
    await writableFiles(this.#files).write(blobPath(digest) ?? '', content);
    return { mediaType, digest, size: content.byteLength };
  }

  async delete(digest: Digest, { signal }: OperationOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const files = writableFiles(this.#files);
    const path = blobPath(digest);
    if ((await this.#graph.reachable()).has(digest)) {
      throw new RegistryError('UNSUPPORTED', {
        message: `${digest} is a manifest of this layout: delete it as one`,
        detail: { digest },
      });
    }
    if (path === undefined || !(await files.remove(path))) throw unknownBlob(digest);
  }

  create(options?: CreateUploadOptions): Promise<BlobWriter> {
    return this.#uploads.create(options);
  }

  resume(id: string, options?: OperationOptions): Promise<BlobWriter> {
    return this.#uploads.resume(id, options);
  }

  uploadStatus(id: string, options?: OperationOptions): Promise<UploadStatus> {
    return this.#uploads.status(id, options);
  }
}

function checkRange({ start, end }: { start: number; end: number }, size: number): void {
  if (start >= 0 && start <= end && end < size) return;
  throw new RegistryError('RANGE_UNSATISFIABLE', { detail: { size } });
}

function unknownBlob(digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', {
    message: `the layout holds no blob ${digest}`,
    detail: { digest },
  });
}
