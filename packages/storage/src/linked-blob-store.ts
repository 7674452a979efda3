import type { Readable } from 'node:stream';
import {
  algorithmOf,
  CANONICAL_ALGORITHM,
  digestOf,
  RegistryError,
  type BlobStore,
  type BlobWriter,
  type CreateUploadOptions,
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
import type { Grants } from './garbage/grants.ts';
import type { LinkedContent } from './linked-content.ts';
import { requireDeletion, type Policy } from './policy.ts';
import type { Uploads } from './uploads.ts';

/** A mount without a source is a wish: what is not in so many repositories, the client sends itself. */
const MAXIMUM_SEARCHED = 100;

export interface LinkedBlobStoreOptions {
  readonly global: GlobalBlobStore;
  readonly grants: Grants;
  readonly content: LinkedContent;
  /** The links of another repository, for mounts. */
  readonly contentOf: (name: RepositoryName) => LinkedContent;
  /** Everywhere that a blob may be. */
  readonly names: (options: OperationOptions) => AsyncIterable<RepositoryName>;
  readonly uploads: Uploads;
  readonly policy: Policy;
}

interface Search extends OperationOptions {
  readonly mayRead: NonNullable<MountOptions['mayRead']>;
}

/** The blobs of one repository: the global store, seen through the repository's links. */
export class LinkedBlobStore implements BlobStore {
  readonly #global: GlobalBlobStore;
  readonly #grants: Grants;
  readonly #content: LinkedContent;
  readonly #contentOf: (name: RepositoryName) => LinkedContent;
  readonly #names: LinkedBlobStoreOptions['names'];
  readonly #uploads: Uploads;
  readonly #policy: Policy;

  constructor(options: LinkedBlobStoreOptions) {
    const { global, grants, content, contentOf, names, uploads, policy } = options;
    this.#global = global;
    this.#grants = grants;
    this.#content = content;
    this.#contentOf = contentOf;
    this.#names = names;
    this.#uploads = uploads;
    this.#policy = policy;
  }

  stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    return this.#content.stat(digest, options);
  }

  async open(digest: Digest, options?: OpenOptions): Promise<Readable> {
    const forget = () => this.#content.forget(digest);
    const open = (target: Digest, size?: number) =>
      this.#global.open(target, { ...options, size, forget });
    const content = await this.#content.use(digest, open, options);
    if (content === undefined) throw unknownBlob(digest);
    return content;
  }

  async locate(digest: Digest, options: LocateOptions): Promise<URL | undefined> {
    // Most drivers make no URLs: then nothing needs to be read. A URL is given only to who has the link.
    if (algorithmOf(digest) === CANONICAL_ALGORITHM) {
      const url = await this.#global.locate(digest, options);
      if (url === undefined) return undefined;
    }
    const locate = async (target: Digest) => ({ url: await this.#global.locate(target, options) });
    // Who asks by HEAD may be about to push, and relies on the answer.
    const verified = options.method === 'HEAD';
    const find = () => this.#content.use(digest, locate, { ...options, verified });
    const found = await (verified ? this.#content.granting(digest, find, options) : find());
    if (found === undefined) throw unknownBlob(digest);
    return found.url;
  }

  async put(content: Uint8Array, { mediaType, signal }: PutBlobOptions = {}): Promise<Descriptor> {
    const digest = digestOf(content);
    const put = async () => {
      const stored = await this.#global.put(content, digest, { signal });
      await this.#content.link(stored, digest, { signal });
      return stored;
    };
    const descriptor = await this.#grants.granting(digest, put, { signal });
    return mediaType === undefined ? descriptor : { ...descriptor, mediaType };
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

  async mount(
    digest: Digest,
    { from, mayRead = () => true, signal }: MountOptions,
  ): Promise<Descriptor | undefined> {
    const since = this.#grants.now();
    const source =
      from === undefined
        ? await this.#find(digest, { mayRead, signal })
        : await this.#contentOf(from).stat(digest, { signal });
    if (source === undefined) return undefined;
    await this.#content.link(source, digest, { signal });
    let mounted: Descriptor | undefined = source;
    await this.#grants.renew(since, async () => {
      mounted = await this.#content.stat(digest, { signal });
    });
    return mounted;
  }

  async delete(digest: Digest, options?: OperationOptions): Promise<void> {
    requireDeletion(this.#policy);
    if (!(await this.#content.unlink(digest, options))) throw unknownBlob(digest);
  }

  /** Looks for a blob in one repository after another, as far as the search may go. */
  async #find(digest: Digest, { mayRead, signal }: Search): Promise<Descriptor | undefined> {
    let remaining = MAXIMUM_SEARCHED;
    for await (const name of this.#names({ signal })) {
      if (remaining-- === 0) return undefined;
      if (!(await mayRead(name))) continue;
      const found = await this.#contentOf(name).stat(digest, { signal });
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function unknownBlob(digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
}
