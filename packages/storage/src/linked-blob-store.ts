import type { Readable } from 'node:stream';
import {
  algorithmOf,
  CANONICAL_ALGORITHM,
  RegistryError,
  type BlobStore,
  type BlobWriter,
  type Descriptor,
  type Digest,
  type LocateOptions,
  type MountOptions,
  type OpenOptions,
  type OperationOptions,
  type PutBlobOptions,
  type RepositoryName,
  type UploadStatus,
} from '@purser/core';
import type { GlobalBlobStore } from './blob-store.ts';
import type { LinkedContent } from './linked-content.ts';
import { requireDeletion, type Policy } from './policy.ts';
import type { Uploads } from './uploads.ts';

export interface LinkedBlobStoreOptions {
  readonly global: GlobalBlobStore;
  readonly content: LinkedContent;
  /** The links of another repository, for mounts. */
  readonly contentOf: (name: RepositoryName) => LinkedContent;
  readonly uploads: Uploads;
  readonly policy: Policy;
}

/** The blobs of one repository: the global store, seen through the repository's links. */
export class LinkedBlobStore implements BlobStore {
  readonly #global: GlobalBlobStore;
  readonly #content: LinkedContent;
  readonly #contentOf: (name: RepositoryName) => LinkedContent;
  readonly #uploads: Uploads;
  readonly #policy: Policy;

  constructor({ global, content, contentOf, uploads, policy }: LinkedBlobStoreOptions) {
    this.#global = global;
    this.#content = content;
    this.#contentOf = contentOf;
    this.#uploads = uploads;
    this.#policy = policy;
  }

  stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    return this.#content.stat(digest, options);
  }

  async open(digest: Digest, options?: OpenOptions): Promise<Readable> {
    return this.#global.open(await this.#resolve(digest, options), options);
  }

  async locate(digest: Digest, options: LocateOptions): Promise<URL | undefined> {
    // Most drivers make no URLs: then nothing needs to be read. A URL is given only to who has the link.
    if (algorithmOf(digest) === CANONICAL_ALGORITHM) {
      const url = await this.#global.locate(digest, options);
      if (url === undefined) return undefined;
    }
    return this.#global.locate(await this.#resolve(digest, options), options);
  }

  async put(content: Uint8Array, { mediaType, signal }: PutBlobOptions = {}): Promise<Descriptor> {
    const descriptor = await this.#global.put(content, { signal });
    await this.#content.link(descriptor, descriptor.digest, { signal });
    return mediaType === undefined ? descriptor : { ...descriptor, mediaType };
  }

  create(options?: OperationOptions): Promise<BlobWriter> {
    return this.#uploads.create(options);
  }

  resume(id: string, options?: OperationOptions): Promise<BlobWriter> {
    return this.#uploads.resume(id, options);
  }

  uploadStatus(id: string, options?: OperationOptions): Promise<UploadStatus> {
    return this.#uploads.status(id, options);
  }

  async mount(digest: Digest, { from, signal }: MountOptions): Promise<Descriptor | undefined> {
    const source = await this.#contentOf(from).stat(digest, { signal });
    if (source === undefined) return undefined;
    await this.#content.link(source, digest, { signal });
    return source;
  }

  async delete(digest: Digest, options?: OperationOptions): Promise<void> {
    requireDeletion(this.#policy);
    if (!(await this.#content.unlink(digest, options))) throw unknownBlob(digest);
  }

  async #resolve(digest: Digest, options?: OperationOptions): Promise<Digest> {
    const target = await this.#content.resolve(digest, options);
    if (target === undefined) throw unknownBlob(digest);
    return target;
  }
}

function unknownBlob(digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
}
