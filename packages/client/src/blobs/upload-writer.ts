import {
  exactLength,
  OCTET_STREAM,
  type AppendOptions,
  type BlobWriter,
  type Descriptor,
  type Digest,
  type OperationOptions,
} from '@purser/core';
import { contentChunks } from './content-chunks.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import { outOfOrder, type UploadSession } from './upload-session.ts';

export interface UploadWriterOptions {
  readonly chunkSize: number;
  /** Whether the registry holds a blob: the answer to a commit may be lost. */
  isStored(digest: Digest, options?: OperationOptions): Promise<boolean>;
  /** Told when the session is gone. */
  forget(): void;
}

/** Holds an upload session of a registry, as far as one can that others may reach as well. */
export class UploadWriter implements BlobWriter {
  readonly #session: UploadSession;
  readonly #options: UploadWriterOptions;
  /** Content shorter than the registry takes, but at the end. */
  #pending: Uint8Array = new Uint8Array();
  #isOpen = true;

  constructor(session: UploadSession, options: UploadWriterOptions) {
    this.#session = session;
    this.#options = options;
  }

  get id(): string {
    return this.#session.id;
  }

  get startedAt(): Date {
    return this.#session.startedAt;
  }

  get size(): number {
    return this.#session.size + this.#pending.byteLength;
  }

  async append(content: AsyncIterable<Uint8Array>, options: AppendOptions = {}): Promise<void> {
    this.#checkOpen();
    const { offset = this.size, length, signal } = options;
    signal?.throwIfAborted();
    if (offset !== this.size) throw outOfOrder(this.size);
    const chunkSize = Math.max(this.#options.chunkSize, this.#session.minimumPart);
    const pending = this.#pending;
    this.#pending = new Uint8Array();
    const all = following(pending, exactLength(length, content));
    for await (const chunk of contentChunks(all, chunkSize)) {
      if (chunk.byteLength < this.#session.minimumPart) this.#pending = chunk;
      else await this.#session.send(chunk, signal);
    }
  }

  async commit(expected: Digest, { signal }: OperationOptions = {}): Promise<Descriptor> {
    this.#checkOpen();
    signal?.throwIfAborted();
    this.#isOpen = false;
    this.#options.forget();
    const { size } = this;
    await this.#finish(expected, signal);
    return { mediaType: OCTET_STREAM, digest: expected, size };
  }

  async #finish(digest: Digest, signal: AbortSignal | undefined): Promise<void> {
    const body = this.#pending;
    const content = body.byteLength > 0 ? { body, length: body.byteLength } : undefined;
    try {
      await this.#session.finish(digest, { content, signal });
    } catch (error) {
      if (mayHaveWorked(error) && (await this.#options.isStored(digest, { signal }))) return;
      await this.#session.cancel();
      throw error;
    }
  }

  async cancel(): Promise<void> {
    this.#checkOpen();
    this.#isOpen = false;
    this.#options.forget();
    await this.#session.cancel();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#pending.byteLength > 0) await this.#session.send(this.#pending);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new TypeError(`upload ${this.id} is not held by this writer any more`);
  }
}

/** Whether a commit may have been done although its answer says otherwise, or none came. */
export function mayHaveWorked(error: unknown): boolean {
  return RegistryClientError.is(error) && (error.retryable || error.code === 'BLOB_UPLOAD_UNKNOWN');
}

async function* following(
  first: Uint8Array,
  content: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (first.byteLength > 0) yield first;
  yield* content;
}
