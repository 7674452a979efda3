import { posix } from 'node:path';
import {
  DriverError,
  faultOfPath,
  type DriverListOptions,
  type DriverLocateOptions,
  type DriverOptions,
  type Entry,
  type PutContentOptions,
  type ReaderOptions,
  type StorageDriver,
  type WalkOptions,
  type WriterOptions,
} from '@purser/storage-driver';

/** Whether clients can be sent there: a URL with scheme and host, `http` or `https`. */
export function isRedirectBase(text: string): boolean {
  return ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '');
}

/**
 * Sends clients to another server for content: to a cache, or a web server over the same files. Content of every
 * method is located there, without a look at the storage and without a signature.
 *
 * @param baseUrl Its scheme, host, port and path come before the path of the file; the rest of it is left out.
 * @see distribution, registry/storage/driver/middleware/redirect, the option `baseurl`.
 */
export function withRedirects(driver: StorageDriver, baseUrl: URL): StorageDriver {
  return new RedirectingDriver(driver, baseUrl);
}

class RedirectingDriver implements StorageDriver {
  readonly #driver: StorageDriver;
  readonly #baseUrl: URL;

  constructor(driver: StorageDriver, baseUrl: URL) {
    this.#driver = driver;
    this.#baseUrl = baseUrl;
  }

  get name(): string {
    return this.#driver.name;
  }

  async locate(path: string, { signal }: DriverLocateOptions): Promise<URL> {
    signal?.throwIfAborted();
    const fault = faultOfPath(path);
    if (fault !== undefined) {
      const shown = path.slice(0, SHOWN_LENGTH);
      throw new DriverError(fault, { driver: this.name, operation: 'locate', path: shown });
    }
    const url = new URL(this.#baseUrl.origin);
    url.pathname = posix.join(this.#baseUrl.pathname, path);
    return url;
  }

  getContent(path: string, options?: DriverOptions) {
    return this.#driver.getContent(path, options);
  }

  putContent(path: string, content: Uint8Array, options?: PutContentOptions) {
    return this.#driver.putContent(path, content, options);
  }

  get listAbandoned(): StorageDriver['listAbandoned'] {
    return this.#driver.listAbandoned?.bind(this.#driver);
  }

  get create(): StorageDriver['create'] {
    return this.#driver.create?.bind(this.#driver);
  }

  openReader(path: string, options?: ReaderOptions) {
    return this.#driver.openReader(path, options);
  }

  openWriter(path: string, options?: WriterOptions) {
    return this.#driver.openWriter(path, options);
  }

  stat(path: string, options?: DriverOptions) {
    return this.#driver.stat(path, options);
  }

  list(path: string, options?: DriverListOptions): AsyncIterable<readonly Entry[]> {
    return this.#driver.list(path, options);
  }

  walk(path: string, options?: WalkOptions): AsyncIterable<Entry> {
    return this.#driver.walk(path, options);
  }

  move(source: string, destination: string, options?: DriverOptions) {
    return this.#driver.move(source, destination, options);
  }

  delete(path: string, options?: DriverOptions) {
    return this.#driver.delete(path, options);
  }
}

/** Characters of a refused path that an error shows. */
const SHOWN_LENGTH = 256;
