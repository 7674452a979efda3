import type { Readable } from 'node:stream';
import { destroyOnAbort, isAbort } from './abort.ts';
import { checkCall, checkCount, type Call, type CallContext } from './check-call.ts';
import { CheckedWriter } from './checked-writer.ts';
import type {
  DriverListOptions,
  DriverLocateOptions,
  DriverOptions,
  Entry,
  FileInfo,
  FileWriter,
  ListAbandonedOptions,
  PutContentOptions,
  ReaderOptions,
  StatOptions,
  StorageDriver,
  WalkOptions,
  WriterOptions,
} from './driver.ts';
import { DriverError, type DriverErrorCode } from './errors.ts';
import type { FileSink } from './file-sink.ts';
import { isPathName, ROOT_PATH } from './path.ts';
import { Refusal } from './refusal.ts';
import { walkTree } from './walk.ts';

/** What of a file is read, and how. */
export interface ReaderRange {
  readonly offset: number;
  /** `Infinity` to read to the end. */
  readonly length: number;
  /** May be passed over: then every chunk is the caller's. */
  readonly lend: boolean;
}

/**
 * What every driver has in common, so that a driver is only the work itself.
 *
 * Each public method checks its arguments and the signal, calls its twin whose name begins with `do`, and makes a
 * DriverError of whatever that throws: a DriverError passes as it is, a `Refusal` gives its code, anything else the
 * code that `codeOf` finds or `FAILED`; the cause is kept. When the signal was aborted, its reason is thrown.
 *
 * `walk` is built on `doList`. Implement the twins as their public methods are specified in `StorageDriver`.
 */
export abstract class BaseDriver implements StorageDriver {
  abstract readonly name: string;

  protected abstract doGetContent(path: string, context: CallContext): Promise<Uint8Array>;

  protected abstract doPutContent(
    path: string,
    content: Uint8Array,
    context: CallContext & { readonly durable: boolean },
  ): Promise<void>;

  /** Only where the backend itself can tell which of several came first. */
  protected doCreate?(path: string, content: Uint8Array, context: CallContext): Promise<boolean>;

  /**
   * The base destroys the stream when the signal is aborted. A failure while reading destroys it with what `failure`
   * makes of the error.
   */
  protected abstract doOpenReader(
    path: string,
    context: CallContext & ReaderRange,
  ): Promise<Readable>;

  protected abstract doOpenWriter(
    path: string,
    context: CallContext & { readonly append: boolean },
  ): Promise<FileSink>;

  /**
   * `undefined` for what is missing, also for `/`.
   *
   * @param context.isFileMeant Whether the driver may leave out to look for a directory.
   */
  protected abstract doStat(
    path: string,
    context: CallContext & { readonly isFileMeant: boolean },
  ): Promise<FileInfo | undefined>;

  /**
   * May refuse `/` with `PATH_NOT_FOUND`, and may give names that are no path names: the base leaves them out.
   *
   * @param context.after Any text.
   */
  protected abstract doList(
    path: string,
    context: CallContext & { readonly after: string | undefined },
  ): AsyncIterable<readonly Entry[]>;

  /** Only where writers that die leave something. A missing directory holds nothing. */
  protected doListAbandoned?(
    path: string,
    context: CallContext & { readonly before: Date },
  ): AsyncIterable<FileInfo>;

  /** The paths differ. */
  protected abstract doMove(
    source: string,
    destination: string,
    context: CallContext,
  ): Promise<void>;

  protected abstract doDelete(path: string, context: CallContext): Promise<void>;

  /** Makes no URL. */
  protected doLocate(
    _path: string,
    _context: CallContext & { readonly method: 'GET' | 'HEAD' },
  ): Promise<URL | undefined> {
    return Promise.resolve(undefined);
  }

  /**
   * The code for an error of the backend; `FAILED` when it is `undefined`.
   *
   * @param _operation The public method that fails; `write`, `commit`, `close` or `cancel` for a writer's.
   */
  protected codeOf(_error: unknown, _operation: string): DriverErrorCode | undefined {
    return undefined;
  }

  getContent(path: string, { signal }: DriverOptions = {}): Promise<Uint8Array> {
    return this.#call({ operation: 'getContent', path, signal }, () =>
      this.doGetContent(path, { signal }),
    );
  }

  putContent(
    path: string,
    content: Uint8Array,
    { signal, durable = true }: PutContentOptions = {},
  ): Promise<void> {
    return this.#call({ operation: 'putContent', path, signal }, () =>
      this.doPutContent(path, content, { signal, durable }),
    );
  }

  get create(): StorageDriver['create'] {
    if (this.doCreate === undefined) return undefined;
    const create = this.doCreate.bind(this);
    return (path, content, { signal } = {}) =>
      this.#call({ operation: 'create', path, signal }, () => create(path, content, { signal }));
  }

  openReader(path: string, { signal, ...options }: ReaderOptions = {}): Promise<Readable> {
    return this.#call({ operation: 'openReader', path, signal }, async () => {
      const { offset = 0, length, lend = false } = options;
      checkCount('offset', offset);
      if (length !== undefined) checkCount('length', length);
      const range = { offset, length: length ?? Infinity, lend };
      const reader = await this.doOpenReader(path, { signal, ...range });
      if (signal !== undefined) destroyOnAbort(reader, signal);
      return reader;
    });
  }

  openWriter(path: string, { signal, append = false }: WriterOptions = {}): Promise<FileWriter> {
    return this.#call({ operation: 'openWriter', path, signal }, async () => {
      const sink = await this.doOpenWriter(path, { signal, append });
      return new CheckedWriter(sink, (error, operation) =>
        this.failure(error, { operation, path }),
      );
    });
  }

  stat(path: string, { signal, only }: StatOptions = {}): Promise<FileInfo | undefined> {
    return this.#call({ operation: 'stat', path, signal }, async () => {
      const isFileMeant = only === 'file';
      const info = await this.doStat(path, { signal, isFileMeant });
      if (isFileMeant) return info?.isDirectory === false ? info : undefined;
      return info === undefined && path === ROOT_PATH ? EMPTY_ROOT : info;
    });
  }

  list(path: string, { signal, after }: DriverListOptions = {}): AsyncIterable<readonly Entry[]> {
    return this.#pages({ operation: 'list', path, signal }, after);
  }

  walk(path: string, { signal, ...options }: WalkOptions = {}): AsyncIterable<Entry> {
    const list = (directory: string, after: string | undefined) =>
      this.#entries({ operation: 'walk', path: directory, signal }, after);
    return walkTree(path, list, options);
  }

  get listAbandoned(): StorageDriver['listAbandoned'] {
    if (this.doListAbandoned === undefined) return undefined;
    const list = this.doListAbandoned.bind(this);
    return (path, options) => this.#abandoned(path, options, list);
  }

  move(source: string, destination: string, { signal }: DriverOptions = {}): Promise<void> {
    const call = { operation: 'move', path: source, signal };
    return this.#call(call, async () => {
      checkCall({ ...call, path: destination }, this.name);
      if (source !== destination) return this.doMove(source, destination, { signal });
      // A backend that copies and deletes would lose the file.
      const info = await this.doStat(source, { signal, isFileMeant: true });
      if (info === undefined) throw new Refusal('PATH_NOT_FOUND');
    });
  }

  delete(path: string, { signal }: DriverOptions = {}): Promise<void> {
    return this.#call({ operation: 'delete', path, signal }, () => this.doDelete(path, { signal }));
  }

  locate(path: string, { signal, method }: DriverLocateOptions): Promise<URL | undefined> {
    return this.#call({ operation: 'locate', path, signal }, () =>
      this.doLocate(path, { signal, method }),
    );
  }

  /** What a call, or a stream it gave, has to fail with when a twin threw `error`. */
  protected failure(
    error: unknown,
    {
      operation,
      path,
      signal,
    }: { operation: string; path: string; signal?: AbortSignal | undefined },
  ): unknown {
    if (signal?.aborted === true && isAbort(error, signal)) return signal.reason;
    if (DriverError.is(error)) return error;
    const call = { driver: this.name, operation };
    if (error instanceof Refusal) {
      const { code, message, cause } = error;
      return new DriverError(code, { ...call, path: error.path ?? path, message, cause });
    }
    return new DriverError(this.codeOf(error, operation) ?? 'FAILED', {
      ...call,
      path,
      cause: error,
    });
  }

  async #call<T>(call: Call, work: () => Promise<T>): Promise<T> {
    checkCall(call, this.name);
    try {
      return await work();
    } catch (error) {
      throw this.failure(error, call);
    }
  }

  async *#entries(call: Call, after: string | undefined): AsyncGenerator<Entry, void> {
    for await (const page of this.#pages(call, after)) {
      for (const entry of page) {
        yield entry;
        call.signal?.throwIfAborted();
      }
    }
  }

  async *#abandoned(
    path: string,
    { signal, before }: ListAbandonedOptions,
    list: NonNullable<BaseDriver['doListAbandoned']>,
  ): AsyncGenerator<FileInfo, void> {
    const call = { operation: 'listAbandoned', path, signal };
    checkCall(call, this.name);
    try {
      for await (const file of list(path, { signal, before })) {
        yield file;
        signal?.throwIfAborted();
      }
    } catch (error) {
      throw this.failure(error, call);
    }
  }

  async *#pages(call: Call, after: string | undefined): AsyncGenerator<readonly Entry[], void> {
    const { path, signal } = call;
    checkCall(call, this.name);
    try {
      for await (const page of this.doList(path, { signal, after })) {
        const isWhole = page.every(({ name }) => isPathName(name));
        yield isWhole ? page : page.filter(({ name }) => isPathName(name));
        signal?.throwIfAborted();
      }
    } catch (error) {
      const failure = this.failure(error, call);
      if (path !== ROOT_PATH || !DriverError.is(failure, 'PATH_NOT_FOUND')) throw failure;
    }
  }
}

const EMPTY_ROOT: FileInfo = {
  path: ROOT_PATH,
  isDirectory: true,
  size: 0,
  modifiedAt: new Date(0),
};
