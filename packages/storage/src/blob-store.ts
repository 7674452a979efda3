import type { Readable } from 'node:stream';
import {
  digestOf,
  OCTET_STREAM,
  RegistryError,
  type BlobDescriptorService,
  type BlobProvider,
  type BlobStatter,
  type ByteRange,
  type Descriptor,
  type Digest,
  type LocateOptions,
  type OpenOptions,
  type OperationOptions,
} from '@purser/core';
import { DriverError, type ReaderOptions, type StorageDriver } from '@purser/storage-driver';
import { blobDataPath } from './paths.ts';
import type { ReadVerification } from './read-verification.ts';
import { writeOver } from './set-aside.ts';
import { isSound, isUnreadable } from './sound-content.ts';

/** Content that nothing is missing of. */
export const EMPTY_DIGEST = digestOf(Buffer.alloc(0));

export interface AdoptOptions extends OperationOptions {
  readonly isVerified: boolean;
}

export interface OpenGlobalOptions extends OpenOptions {
  readonly size?: number | undefined;
  /** Makes a cache of the caller's forget content that is damaged. */
  readonly forget?: (() => Promise<void>) | undefined;
}

export interface GlobalBlobStoreParts {
  /** Remembers sizes, which content of one digest never changes. It is asked by no one but `open`. */
  readonly cache?: BlobDescriptorService | undefined;
  /** Verifies what is read whole. Nobody does when absent. */
  readonly verification?: ReadVerification | undefined;
}

/**
 * All content of the registry, by its sha256, whoever may read it. Only the linked stores above it know repositories.
 */
export class GlobalBlobStore implements BlobStatter, BlobProvider {
  readonly #driver: StorageDriver;
  readonly #cache: BlobDescriptorService | undefined;
  readonly #verification: ReadVerification | undefined;

  constructor(driver: StorageDriver, { cache, verification }: GlobalBlobStoreParts = {}) {
    this.#driver = driver;
    this.#cache = cache;
    this.#verification = verification;
  }

  /** An empty file in place of content is what a loss of power leaves: then it is not there. */
  async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    const info = await this.#driver.stat(blobDataPath(digest), { ...options, only: 'file' });
    if (info === undefined || (info.size === 0 && digest !== EMPTY_DIGEST)) return undefined;
    return { mediaType: OCTET_STREAM, digest, size: info.size };
  }

  /**
   * @param options.size What the size is remembered to be, so that a range need not be held against storage.
   * @throws RegistryError `BLOB_UNKNOWN`, `RANGE_UNSATISFIABLE`. Before its last chunk, the stream fails with `BLOB_UNKNOWN`
   * when it is verified and proves to be damaged.
   */
  async open(
    digest: Digest,
    { range, size, ...options }: OpenGlobalOptions = {},
  ): Promise<Readable> {
    if (range !== undefined) await this.#checkRange(digest, range, size);
    else if (this.#verification?.isNeeded(digest)) {
      return this.#openVerified(digest, this.#verification, options);
    }
    return this.#open(digest, { ...asSlice(range), ...options });
  }

  /** Remembers the size of content that was seen. */
  async remember(descriptor: Descriptor): Promise<void> {
    await this.#cache?.set(descriptor.digest, descriptor);
  }

  async locate(digest: Digest, options: LocateOptions): Promise<URL | undefined> {
    try {
      return await this.#driver.locate(blobDataPath(digest), options);
    } catch (error) {
      throw await this.#orUnknown(error, digest);
    }
  }

  /** The bytes of a small blob. */
  async get(digest: Digest, options?: OperationOptions): Promise<Uint8Array> {
    try {
      return await this.#driver.getContent(blobDataPath(digest), options);
    } catch (error) {
      throw await this.#orUnknown(error, digest);
    }
  }

  /** Stores content, by its sha256, unless these bytes are there already: others in their place are healed. */
  async put(content: Uint8Array, digest: Digest, options?: OperationOptions): Promise<Descriptor> {
    const path = blobDataPath(digest);
    const stored = await this.get(digest, options).catch(treatAsOther);
    if (stored === false || !Buffer.from(content).equals(stored)) {
      await writeOver(this.#driver, path, () => this.#driver.putContent(path, content, options));
    }
    return { mediaType: OCTET_STREAM, digest, size: content.byteLength };
  }

  /**
   * Takes over a complete, verified file, unless its content is there, whole, already: others in its place are healed.
   *
   * @param options.isVerified Whether this was done a moment ago: then bytes of the right size are not read again.
   */
  async adopt(path: string, descriptor: Descriptor, options: AdoptOptions): Promise<void> {
    const { digest, size } = descriptor;
    const { isVerified, signal } = options;
    const target = blobDataPath(digest);
    if ((await this.stat(digest))?.size === size) {
      const check = () => isSound(this.#driver, target, { digest, signal }).catch(treatAsOther);
      if (isVerified || (await check())) return;
    }
    await writeOver(this.#driver, target, () => this.#driver.move(path, target));
  }

  async #open(digest: Digest, { signal, lend, ...slice }: ReaderOptions): Promise<Readable> {
    try {
      return await this.#driver.openReader(blobDataPath(digest), { ...slice, lend, signal });
    } catch (error) {
      throw await this.#orUnknown(error, digest);
    }
  }

  /** Only storage says which chunk is the last: what is remembered may be of content that was healed since. */
  async #openVerified(
    digest: Digest,
    verification: ReadVerification,
    { lend = false, signal, forget }: OpenGlobalOptions,
  ): Promise<Readable> {
    const found = await this.stat(digest, { signal });
    if (found === undefined) throw await this.#unknown(digest);
    const content = await this.#open(digest, { lend, signal });
    return verification.verify(content, {
      digest,
      size: found.size,
      lend,
      forget: async () => {
        await Promise.all([this.#cache?.clear(digest), forget?.()]);
      },
    });
  }

  /** What is remembered may grant a range, which opening then proves; only storage refuses one. */
  async #checkRange(digest: Digest, range: ByteRange, known: number | undefined): Promise<void> {
    const remembered = known ?? (await this.#cache?.stat(digest))?.size;
    if (remembered !== undefined && isInside(range, remembered)) return;
    const size = (await this.stat(digest))?.size;
    if (size === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
    if (!isInside(range, size))
      throw new RegistryError('RANGE_UNSATISFIABLE', { detail: { size } });
  }

  async #orUnknown(error: unknown, digest: Digest): Promise<unknown> {
    if (!DriverError.is(error, 'PATH_NOT_FOUND', 'NOT_A_FILE')) return error;
    return this.#unknown(digest, error);
  }

  async #unknown(digest: Digest, cause?: unknown): Promise<RegistryError> {
    this.#verification?.forget(digest);
    await this.#cache?.clear(digest);
    return new RegistryError('BLOB_UNKNOWN', { detail: { digest }, cause });
  }
}

function treatAsOther(error: unknown): false {
  if (!isUnreadable(error)) throw error;
  return false;
}

function isInside({ start, end }: ByteRange, size: number): boolean {
  return start >= 0 && start <= end && end < size;
}

function asSlice(range: ByteRange | undefined): { offset?: number; length?: number } {
  return range === undefined ? {} : { offset: range.start, length: range.end - range.start + 1 };
}
