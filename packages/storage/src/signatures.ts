import {
  digestOf,
  isDigest,
  RegistryError,
  type Digest,
  type OperationOptions,
  type RepositoryName,
} from '@purser/core';
import { DriverError, entriesOf, type StorageDriver } from '@purser/storage-driver';
import type { GlobalBlobStore } from './blob-store.ts';
import type { Grants } from './garbage/grants.ts';
import type { Links } from './links.ts';
import { signatureLinkPath, signaturesPath } from './paths.ts';

/** More than anyone signs one manifest with; what is beyond is not read. */
const MAXIMUM_SIGNATURES = 64;

export interface SignatureStoreOptions {
  readonly driver: StorageDriver;
  readonly links: Links;
  readonly global: GlobalBlobStore;
  readonly grants: Grants;
  readonly name: RepositoryName;
}

/**
 * The detached pieces of one repository's manifests, which are the signatures of schema 1: each a blob of the global
 * store, linked below the manifest's revision. Every push of one payload adds its own.
 *
 * @see distribution 2.0 to 2.4, registry/storage/signaturestore.go. Later releases ignore them.
 */
export class SignatureStore {
  readonly #options: SignatureStoreOptions;

  constructor(options: SignatureStoreOptions) {
    this.#options = options;
  }

  /** Keeps signatures beside a manifest. Those that are there already stay. */
  async add(
    revision: Digest,
    signatures: readonly Uint8Array[],
    options?: OperationOptions,
  ): Promise<void> {
    await Promise.all(signatures.map((signature) => this.#add(revision, signature, options)));
  }

  /** Takes the links of all signatures of a manifest. */
  async remove(revision: Digest, options?: OperationOptions): Promise<void> {
    const { driver, name } = this.#options;
    await driver.delete(signaturesPath(name, revision), options).catch(ignoreMissing);
  }

  /** The signatures of a manifest, in the order of their digests: at most 64 of them, none for most manifests. */
  async read(revision: Digest, options?: OperationOptions): Promise<readonly Uint8Array[]> {
    const digests = await this.#list(revision, options);
    const contents = await Promise.all(digests.map((digest) => this.#content(digest, options)));
    return contents.filter((content) => content !== undefined);
  }

  async #add(revision: Digest, signature: Uint8Array, options?: OperationOptions): Promise<void> {
    const { links, global, grants, name } = this.#options;
    const digest = digestOf(signature);
    const put = async () => {
      await global.put(signature, digest, options);
      await links.write(signatureLinkPath(name, revision, digest), digest, options);
    };
    await grants.granting(digest, put, options);
  }

  async #list(revision: Digest, options?: OperationOptions): Promise<readonly Digest[]> {
    const { driver, name } = this.#options;
    const digests: Digest[] = [];
    try {
      const pages = driver.list(signaturesPath(name, revision), options);
      for await (const entry of entriesOf(pages)) {
        const digest = `sha256:${entry.name}`;
        if (isDigest(digest)) digests.push(digest);
        if (digests.length === MAXIMUM_SIGNATURES) break;
      }
    } catch (error) {
      ignoreMissing(error);
    }
    return digests;
  }

  /** A signature whose bytes are gone, as after a garbage collection by distribution, is none. */
  async #content(digest: Digest, options?: OperationOptions): Promise<Uint8Array | undefined> {
    try {
      const content = await this.#options.global.get(digest, options);
      return digestOf(content) === digest ? content : undefined;
    } catch (error) {
      if (RegistryError.is(error, 'BLOB_UNKNOWN')) return undefined;
      throw error;
    }
  }
}

function ignoreMissing(error: unknown): void {
  if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
}
