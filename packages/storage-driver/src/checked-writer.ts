import type { FileWriter } from './driver.ts';
import type { FileSink } from './file-sink.ts';

type WriterState = 'open' | 'committed' | 'closed' | 'cancelled';

/** Keeps the promises of `FileWriter` on top of a sink, which then need not know any order of calls but the right one. */
export class CheckedWriter implements FileWriter {
  readonly #sink: FileSink;
  readonly #fail: (error: unknown, operation: string) => unknown;
  #size: number;
  #state: WriterState = 'open';
  /** What `write` or `commit` failed with. */
  #failure: { readonly error: unknown } | undefined;
  /** Settles, and never fails, when every call made so far is over. */
  #idle: Promise<unknown> = Promise.resolve();

  /** @param fail Gives what a failed operation has to reject with. */
  constructor(sink: FileSink, fail: (error: unknown, operation: string) => unknown) {
    this.#sink = sink;
    this.#fail = fail;
    this.#size = sink.initialSize;
  }

  get size(): number {
    return this.#size;
  }

  write(content: Uint8Array): Promise<void> {
    return this.#inOrder(async () => {
      this.#checkState('write');
      await this.#sticky('write', () => this.#sink.write(content));
      this.#size += content.byteLength;
    });
  }

  commit(): Promise<void> {
    return this.#inOrder(async () => {
      this.#checkState('commit');
      this.#size = (await this.#sticky('commit', () => this.#sink.commit())) ?? this.#size;
      this.#state = 'committed';
    });
  }

  close(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#state !== 'open') return;
      this.#state = 'closed';
      try {
        await this.#sink.close();
      } catch (error) {
        // A failure that the caller knows of already is not told twice.
        if (this.#failure === undefined) throw this.#fail(error, 'close');
      }
    });
  }

  cancel(): Promise<void> {
    return this.#inOrder(async () => {
      this.#checkState('cancel');
      this.#state = 'cancelled';
      try {
        await this.#sink.cancel();
      } catch (error) {
        throw this.#fail(error, 'cancel');
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    const result = this.#idle.then(work);
    this.#idle = result.catch(() => undefined);
    return result;
  }

  #checkState(operation: string): void {
    if (this.#state !== 'open') {
      throw new TypeError(`cannot ${operation}: the writer is ${this.#state}`);
    }
  }

  async #sticky<T>(operation: string, work: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      return await work();
    } catch (error) {
      this.#failure = { error: this.#fail(error, operation) };
      throw this.#failure.error;
    }
  }
}
