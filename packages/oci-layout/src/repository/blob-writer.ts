import type { FileHandle } from 'node:fs/promises';
import {
  contentMismatch,
  Digester,
  exactLength,
  OCTET_STREAM,
  RegistryError,
  supportedAlgorithmOf,
  type AppendOptions,
  type BlobWriter,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  type UploadStatus,
} from '@purser/core';
import { translateErrno } from '../directory/errno.ts';
import type { WritableLayoutFiles } from '../layout-files.ts';
import { blobPath } from '../layout-paths.ts';

const READ_BYTES = 256 * 1024;

interface Session {
  readonly files: WritableLayoutFiles;
  readonly handle: FileHandle;
  /** Of all that was received, when this process saw it all. */
  readonly digester: Digester | undefined;
  readonly release: () => void;
  /** Discards what was received, unless it has got its name. */
  readonly end: () => Promise<void>;
}

export class LayoutBlobWriter implements BlobWriter {
  readonly id: string;
  readonly startedAt: Date;
  readonly #session: Session;
  #size: number;
  #open = true;

  constructor({ id, startedAt, size }: UploadStatus, session: Session) {
    this.id = id;
    this.startedAt = startedAt;
    this.#size = size;
    this.#session = session;
  }

  get size(): number {
    return this.#size;
  }

  async append(content: AsyncIterable<Uint8Array>, options: AppendOptions = {}): Promise<void> {
    this.#checkOpen();
    const { offset = this.#size, length, signal } = options;
    signal?.throwIfAborted();
    if (offset !== this.#size) {
      throw new RegistryError('UPLOAD_OUT_OF_ORDER', { detail: { size: this.#size } });
    }
    for await (const chunk of exactLength(length, content)) {
      signal?.throwIfAborted();
      await this.#write(chunk);
    }
  }

  async commit(expected: Digest): Promise<Descriptor> {
    this.#checkOpen();
    const { files, handle, end } = this.#session;
    try {
      const actual = await this.#digest(supportedAlgorithmOf(expected));
      if (actual !== expected) throw contentMismatch(expected);
      await handle.sync();
      await files.publish(files.temporaryPath(this.id), blobPath(expected) ?? '');
      return { mediaType: OCTET_STREAM, digest: expected, size: this.#size };
    } catch (error) {
      throw translateErrno(error);
    } finally {
      await this.#letGo(end);
    }
  }

  async cancel(): Promise<void> {
    this.#checkOpen();
    await this.#letGo(this.#session.end);
  }

  async close(): Promise<void> {
    if (this.#open) await this.#letGo();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #write(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.byteLength;) {
      const part = chunk.subarray(written);
      const { bytesWritten } = await this.#put(part);
      this.#session.digester?.update(part.subarray(0, bytesWritten));
      this.#size += bytesWritten;
      written += bytesWritten;
    }
  }

  async #put(part: Uint8Array): Promise<{ readonly bytesWritten: number }> {
    try {
      return await this.#session.handle.write(part, 0, part.byteLength, this.#size);
    } catch (error) {
      throw translateErrno(error);
    }
  }

  async #digest(algorithm: DigestAlgorithm): Promise<Digest> {
    const { digester, handle } = this.#session;
    if (digester?.algorithm === algorithm && digester.size === this.#size) return digester.digest();
    const again = new Digester(algorithm);
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, again.size);
      if (bytesRead === 0) return again.digest();
      again.update(buffer.subarray(0, bytesRead));
    }
  }

  async #letGo(end?: () => Promise<void>): Promise<void> {
    this.#open = false;
    try {
      await this.#session.handle.close();
      await end?.();
    } finally {
      this.#session.release();
    }
  }

  #checkOpen(): void {
    if (!this.#open) throw new TypeError(`upload ${this.id} is not held by this writer any more`);
  }
}
