import { finished, Readable } from 'node:stream';
import { Digester, type Digest } from '@purser/core';

export interface VerifyingReaderOptions {
  readonly digest: Digest;
  /** Bytes that the content has in storage: which chunk is the last. */
  readonly size: number;
  /** Whether the chunks of the content are lent. */
  readonly lend: boolean;
  /** Told that the content is what its digest says. */
  readonly onSound: () => void;
  /** Told that it is not; gives what the stream fails with. */
  readonly onDamaged: () => Promise<Error>;
}

/**
 * Passes content on, and hashes it meanwhile. The last chunk is given when the content has proved to be what its digest
 * says, and not at all otherwise, so that nobody gets all of what is wrong.
 */
export class VerifyingReader extends Readable {
  readonly #content: Readable;
  readonly #options: VerifyingReaderOptions;
  /** What is read when nothing is lent. */
  #chunks: AsyncIterator<Buffer> | undefined;

  constructor(content: Readable, options: VerifyingReaderOptions) {
    super({ highWaterMark: 1 });
    this.#content = content;
    this.#options = options;
    // Also of content that fails before anyone reads it: that is told to whoever does, and must not end the process.
    this.on('error', () => {});
    content.on('error', (error) => void this.destroy(error));
  }

  /** Lends what is lent to it: only here is it known that the caller is done with a chunk. */
  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Buffer> {
    return this.#options.lend ? this.#lend() : super[Symbol.asyncIterator]();
  }

  override _read(): void {
    void this.#advance();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    finished(this.#content, () => done(error));
    this.#content.destroy();
  }

  async #advance(): Promise<void> {
    // Not the iterator that may lend.
    this.#chunks ??= this.#verified(this.#content.iterator());
    try {
      const { done, value } = await this.#chunks.next();
      if (!this.destroyed) this.push(done === true ? null : value);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  async *#lend(): AsyncGenerator<Buffer, undefined> {
    try {
      yield* this.#verified(this.#content);
    } finally {
      this.destroy();
    }
  }

  async *#verified(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
    const { digest, size, onSound, onDamaged } = this.#options;
    const digester = new Digester();
    for await (const chunk of chunks) {
      digester.update(chunk);
      if (digester.size >= size) {
        if (digester.digest() !== digest) throw await onDamaged();
        onSound();
      }
      yield chunk;
    }
    if (digester.size < size) throw await onDamaged();
  }
}
