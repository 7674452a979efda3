import { Refusal, type FileSink } from '@purser/storage-driver';
import type { Bucket, ObjectState } from './bucket.ts';
import { ByteQueue } from './byte-queue.ts';
import { checkCrc32c, formatCrc32c, parseCrc32c, updateCrc32c } from './crc32c.ts';
import { statusOf } from './errors.ts';
import {
  CHUNK_ALIGNMENT,
  FILE_CONTENT_TYPE,
  formatStoredUpload,
  parseStoredUpload,
  UPLOAD_CONTENT_TYPE,
} from './stored-upload.ts';
import { UploadSession } from './upload-session.ts';

export interface SinkOptions {
  readonly bucket: Bucket;
  readonly key: string;
  /** Bytes; a multiple of `CHUNK_ALIGNMENT`. */
  readonly chunkSize: number;
}

/** Opens a file for writing. Without `append`, nothing is asked of the bucket before there is something to send. */
export async function openSink(
  options: SinkOptions,
  { append, signal }: { append: boolean; signal: AbortSignal | undefined },
): Promise<FileSink> {
  if (!append) return new GcsSink(options, {});
  const { bucket, key } = options;
  const object = await bucket.stat(key, signal);
  if (object === undefined) return new GcsSink(options, { generation: '0' });
  if (object.contentType !== UPLOAD_CONTENT_TYPE) {
    return new GcsSink(options, { generation: object.generation, committed: object });
  }
  const upload = parseStoredUpload(object.metadata);
  if (upload === undefined) {
    throw new Refusal('FAILED', { message: 'the state of the unfinished upload is damaged' });
  }
  const { generation } = object;
  const rest = object.size === 0 ? undefined : await bucket.readAll(key, { generation, signal });
  const session =
    upload.sessionUri === undefined
      ? undefined
      : new UploadSession(bucket.requests, upload.sessionUri);
  const checksum = upload.offset === 0 ? 0 : parseCrc32c(upload.crc32c);
  return new GcsSink(options, {
    generation,
    session,
    position: upload.offset,
    checksum,
    rest: rest?.content,
  });
}

/** Where an upload is gone on with. */
interface SinkStart {
  /** What stands under the key, `0` for nothing; `undefined` when that does not matter. */
  readonly generation?: string | undefined;
  /** A complete file that is appended to. */
  readonly committed?: ObjectState | undefined;
  readonly session?: UploadSession | undefined;
  /** Bytes that the session has. */
  readonly position?: number | undefined;
  /** Their CRC32C; `undefined` when there are some and it is not known. */
  readonly checksum?: number | undefined;
  /** The bytes after them. */
  readonly rest?: Uint8Array | undefined;
}

/**
 * Sends what it is given to an upload session, a chunk at a time. A file that fits into one chunk needs no session.
 * When it is closed, where it has got to is kept as an object under the same key.
 */
class GcsSink implements FileSink {
  readonly initialSize: number;
  readonly #options: SinkOptions;
  readonly #generation: string | undefined;
  readonly #queue = new ByteQueue();
  #session: UploadSession | undefined;
  /** Where the queue begins in the file. */
  #position: number;
  /** CRC32C of the bytes before the queue; `undefined` when it is not known. */
  #checksum: number | undefined;
  /** A complete file of which no byte was taken yet. */
  #committed: ObjectState | undefined;
  /** Whether the bucket knows less than the sink. */
  #isChanged: boolean;
  #hasFailed = false;

  constructor(options: SinkOptions, start: SinkStart) {
    const { generation, committed, session, position = 0, rest } = start;
    this.#options = options;
    this.#generation = generation;
    this.#committed = committed;
    this.#session = session;
    this.#position = position;
    this.#checksum = position === 0 ? 0 : start.checksum;
    // What a new writer does not append to is lost with it, even when it writes nothing.
    this.#isChanged = generation === undefined;
    if (rest !== undefined) this.#queue.push(rest);
    this.initialSize = committed?.size ?? position + this.#queue.size;
  }

  async write(content: Uint8Array): Promise<void> {
    if (content.byteLength === 0) return;
    this.#isChanged = true;
    await this.#takeCommitted();
    await this.#accept(content);
  }

  async commit(): Promise<void> {
    if (this.#committed !== undefined) return;
    if (this.#session === undefined) await this.#insert(FILE_CONTENT_TYPE, {});
    else await this.#finish(this.#session);
  }

  async close(): Promise<void> {
    if (!this.#isChanged) return;
    if (!this.#hasFailed) await this.#sendAligned(this.#queue.size);
    const metadata = formatStoredUpload({
      sessionUri: this.#session?.uri,
      offset: this.#position,
      crc32c: this.#checksum === undefined ? undefined : formatCrc32c(this.#checksum),
    });
    // After a failure more may be held than others can take over: they drop what would not fit.
    this.#truncate(CHUNK_ALIGNMENT - 1);
    await this.#insert(UPLOAD_CONTENT_TYPE, metadata);
  }

  async cancel(): Promise<void> {
    await this.#options.bucket.remove(this.#options.key);
    // The parts it got would stay for a week.
    await this.#session?.cancel();
  }

  async #accept(content: Uint8Array): Promise<void> {
    this.#queue.push(content);
    while (this.#queue.size >= this.#options.chunkSize) {
      await this.#sendAligned(this.#options.chunkSize);
    }
  }

  /** A complete object cannot grow: its bytes begin a new one. */
  async #takeCommitted(): Promise<void> {
    if (this.#committed === undefined) return;
    const { size, generation, crc32c } = this.#committed;
    this.#committed = undefined;
    const { bucket, key, chunkSize } = this.#options;
    let checksum = 0;
    for (let offset = 0; offset < size; offset += chunkSize) {
      const range = { offset, length: chunkSize, generation };
      const content = await bucket.requests.retry.run(async () => {
        const { body } = await bucket.readOnce(key, range);
        return new Uint8Array(await body.arrayBuffer());
      });
      checksum = updateCrc32c(checksum, content);
      await this.#accept(content);
    }
    checkCrc32c(crc32c, checksum);
  }

  /** Sends as many of the first bytes as the session takes before its end. */
  async #sendAligned(length: number): Promise<void> {
    const end = this.#position + Math.floor(length / CHUNK_ALIGNMENT) * CHUNK_ALIGNMENT;
    await this.#keepFailure(async () => {
      while (this.#position < end) {
        this.#session ??= await this.#startSession();
        const chunks = this.#queue.peek(end - this.#position);
        const { persisted } = await this.#session.send({ chunks, start: this.#position });
        this.#advance(Math.min(persisted, end) - this.#position);
      }
    });
  }

  async #finish(session: UploadSession): Promise<void> {
    const total = this.#position + this.#queue.size;
    const object = await this.#keepFailure(async () => {
      for (;;) {
        const chunks = this.#queue.peek(this.#queue.size);
        const state = await session.send({ chunks, start: this.#position, total });
        this.#advance(Math.min(state.persisted, total) - this.#position);
        if (state.object !== undefined) return state.object;
      }
    });
    await this.#check(object, total);
  }

  /** A file that is not what was written must not stay. */
  async #check({ size, crc32c, generation }: ObjectState, total: number): Promise<void> {
    const expected = this.#checksum === undefined ? undefined : formatCrc32c(this.#checksum);
    const isSame = expected === undefined || crc32c === undefined || expected === crc32c;
    if (size === total && isSame) return;
    const { bucket, key } = this.#options;
    await bucket.remove(key, { generation }).catch(() => {});
    throw new Refusal('FAILED', { message: 'the storage did not keep the bytes it was sent' });
  }

  async #insert(contentType: string, metadata: Record<string, string>): Promise<void> {
    const { bucket, key } = this.#options;
    const content = Buffer.concat(this.#queue.peek(this.#queue.size));
    const ifGenerationMatch = this.#generation;
    try {
      await bucket.insert(key, content, { contentType, metadata, ifGenerationMatch });
    } catch (error) {
      this.#hasFailed = true;
      if (statusOf(error) !== 412) throw error;
      throw new Refusal('FAILED', {
        message: 'another writer went on with this file meanwhile',
        cause: error,
      });
    }
  }

  async #startSession(): Promise<UploadSession> {
    const { bucket, key } = this.#options;
    return new UploadSession(bucket.requests, await bucket.startSession(key, FILE_CONTENT_TYPE));
  }

  #advance(length: number): void {
    if (this.#checksum !== undefined) {
      for (const chunk of this.#queue.peek(length)) {
        this.#checksum = updateCrc32c(this.#checksum, chunk);
      }
    }
    this.#queue.drop(length);
    this.#position += length;
  }

  #truncate(length: number): void {
    if (this.#queue.size <= length) return;
    const kept = this.#queue.peek(length);
    this.#queue.drop(this.#queue.size);
    for (const chunk of kept) this.#queue.push(chunk);
  }

  async #keepFailure<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }
}
