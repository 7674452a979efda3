import {
  CANONICAL_ALGORITHM,
  contentMismatch,
  exactLength,
  OCTET_STREAM,
  RegistryError,
  supportedAlgorithmOf,
  type AppendOptions,
  type BlobWriter,
  type Descriptor,
  type Digest,
  type OperationOptions,
  type UploadStatus,
} from '@purser/core';
import { DriverError, type FileWriter, type StorageDriver } from '@purser/storage-driver';
import { ContentDigester } from './content-digester.ts';
import type { UploadPaths } from './paths.ts';
import { readReceived, writeReceived } from './received.ts';
import type { RunningDigests } from './running-digests.ts';

/** Content that is whole and verified. */
interface AdoptedContent extends OperationOptions {
  readonly descriptor: Descriptor;
  /** The digest that the client gave. */
  readonly name: Digest;
}

/** Called with the directory of an upload that is over, and why it could not be removed; must not throw. */
export type LeftoverReporter = (path: string, error: unknown) => void;

export interface UploadWriterOptions {
  readonly driver: StorageDriver;
  readonly digests: RunningDigests;
  /** Takes over what was received, and links it. */
  readonly adopt: (path: string, content: AdoptedContent) => Promise<void>;
  /** Called when what is left of a session that is over could not be removed. */
  readonly onLeftover: LeftoverReporter;
  /** Lets the next writer hold the session. */
  readonly release: () => void;
  /** The open file of a session that is gone on with. */
  readonly file?: FileWriter | undefined;
}

/**
 * Holds one upload session. Bytes are hashed as they pass, so that a commit need not read them again.
 */
export class UploadWriter implements BlobWriter {
  readonly id: string;
  readonly startedAt: Date;
  readonly #paths: UploadPaths;
  readonly #options: UploadWriterOptions;
  #size: number;
  /** `undefined` when the bytes so far were not all seen by this process. */
  #digester: ContentDigester | undefined;
  /** Of a new session, opened by the first byte. */
  #file: FileWriter | undefined;
  #open = true;
  /** True once storage had no space for it. */
  #isGivenUp = false;

  constructor(upload: UploadStatus & { paths: UploadPaths }, options: UploadWriterOptions) {
    this.id = upload.id;
    this.startedAt = upload.startedAt;
    this.#size = upload.size;
    this.#paths = upload.paths;
    this.#options = options;
    this.#file = options.file;
    this.#digester = options.digests.take(upload.paths.directory, upload.size);
  }

  get size(): number {
    return this.#size;
  }

  async append(content: AsyncIterable<Uint8Array>, options: AppendOptions = {}): Promise<void> {
    this.#checkOpen();
    options.signal?.throwIfAborted();
    const file = await this.#orGiveUp(() => this.#openFile());
    const { offset = this.#size, length, signal } = options;
    if (offset !== this.#size) {
      throw new RegistryError('UPLOAD_OUT_OF_ORDER', { detail: { offset, size: this.#size } });
    }
    for await (const chunk of exactLength(length, content)) {
      signal?.throwIfAborted();
      await this.#orGiveUp(() => this.#write(file, chunk));
    }
  }

  async commit(expected: Digest, { signal }: OperationOptions = {}): Promise<Descriptor> {
    this.#checkOpen();
    signal?.throwIfAborted();
    this.#open = false;
    try {
      return await this.#complete(expected, signal);
    } finally {
      await this.#discardOrReport();
    }
  }

  async cancel(): Promise<void> {
    if (this.#isGivenUp) return;
    this.#checkOpen();
    this.#open = false;
    await this.#discard();
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    const file = this.#file;
    this.#file = undefined;
    try {
      await this.#orGiveUp(async () => file?.close());
      // Without it whoever goes on with the session reads it again, and what it received is there all the same.
      await this.#remember().catch(() => {});
    } finally {
      if (this.#open) this.#options.release();
      this.#open = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Ends the session when storage has no space for it: what it received would keep the storage full for everyone else.
   */
  async #orGiveUp<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (RegistryError.is(error, 'STORAGE_FULL')) {
        this.#open = false;
        this.#isGivenUp = true;
        await this.#discardOrReport();
      }
      throw error;
    }
  }

  async #complete(expected: Digest, signal: AbortSignal | undefined): Promise<Descriptor> {
    const file = await this.#openFile();
    await file.commit();
    this.#file = undefined;
    this.#checkSize(file);
    const digest = await this.#verify(expected);
    const descriptor = { mediaType: OCTET_STREAM, digest, size: this.#size };
    await this.#options.adopt(this.#paths.data, { descriptor, name: expected, signal });
    return descriptor;
  }

  /** What another process added meanwhile is not in the running digest: then the whole is read again. */
  #checkSize({ size }: FileWriter): void {
    if (size === this.#size) return;
    this.#size = size;
    this.#digester = undefined;
  }

  async #write(file: FileWriter, chunk: Uint8Array): Promise<void> {
    const written = file.write(chunk);
    this.#digester?.update(chunk);
    this.#size += chunk.byteLength;
    try {
      await written;
    } catch (error) {
      await this.#lookAgain(file);
      throw error;
    }
  }

  /** How much of what failed to be written did arrive only storage knows, and only of a file that is closed. */
  async #lookAgain(file: FileWriter): Promise<void> {
    this.#digester = undefined;
    this.#file = undefined;
    const stored = await file
      .close()
      .catch(() => {})
      .then(() => this.#options.driver.stat(this.#paths.data, { only: 'file' }))
      .catch(() => undefined);
    this.#size = stored?.size ?? this.#size;
  }

  async #openFile(): Promise<FileWriter> {
    if (this.#file !== undefined) return this.#file;
    const file = await this.#options.driver.openWriter(this.#paths.data, { append: true });
    this.#file = file;
    this.#size = file.size;
    // Another process may have gone on with the session since it was looked at.
    if (this.#digester?.size !== file.size) this.#digester = undefined;
    return file;
  }

  /** @returns The sha256 of the content. */
  async #verify(expected: Digest): Promise<Digest> {
    const algorithm = supportedAlgorithmOf(expected);
    const canonical = await this.#knownDigest();
    const named = algorithm === CANONICAL_ALGORITHM ? canonical : this.#digester?.digest(algorithm);
    if (canonical !== undefined && named !== undefined) return checked(canonical, named, expected);
    const digester = new ContentDigester(algorithm);
    const content = await this.#options.driver.openReader(this.#paths.data, { lend: true });
    for await (const chunk of content) digester.update(chunk as Uint8Array);
    return checked(digester.digest(CANONICAL_ALGORITHM), digester.digest(algorithm), expected);
  }

  /** The sha256 as far as it is known without reading: from memory, or from the note of another process. */
  async #knownDigest(): Promise<Digest | undefined> {
    if (this.#digester !== undefined) return this.#digester.digest(CANONICAL_ALGORITHM);
    const { driver } = this.#options;
    return (await readReceived(driver, this.#paths.received, this.#size))?.digest;
  }

  async #remember(): Promise<void> {
    if (this.#digester === undefined) return;
    const { driver, digests } = this.#options;
    digests.keep(this.#paths.directory, this.#digester);
    const digest = this.#digester.digest(CANONICAL_ALGORITHM);
    if (this.#size === 0 || digest === undefined) return;
    await writeReceived(driver, this.#paths.received, { size: this.#size, digest });
  }

  /** Ends the session: whatever is left of it goes. */
  async #discard(): Promise<void> {
    try {
      await this.#file?.cancel();
      await this.#options.driver.delete(this.#paths.directory);
    } catch (error) {
      if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
    } finally {
      this.#options.release();
    }
  }

  async #discardOrReport(): Promise<void> {
    const { onLeftover } = this.#options;
    await this.#discard().catch((error) => onLeftover(this.#paths.directory, error));
  }

  #checkOpen(): void {
    if (!this.#open) throw new TypeError(`upload ${this.id} is not held by this writer any more`);
  }
}

function checked(
  canonical: Digest | undefined,
  named: Digest | undefined,
  expected: Digest,
): Digest {
  if (canonical === undefined || named !== expected) throw contentMismatch(expected);
  return canonical;
}
