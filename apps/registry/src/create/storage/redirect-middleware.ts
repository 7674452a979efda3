import { posix } from 'node:path';
import { DriverError, faultOfPath, forwardCalls, type StorageDriver } from '@purser/storage-driver';

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
  return {
    ...forwardCalls(driver),
    async locate(path, { signal }) {
      signal?.throwIfAborted();
      const fault = faultOfPath(path);
      if (fault !== undefined) {
        const shown = path.slice(0, SHOWN_LENGTH);
        throw new DriverError(fault, { driver: driver.name, operation: 'locate', path: shown });
      }
      const url = new URL(baseUrl.origin);
      url.pathname = posix.join(baseUrl.pathname, path);
      return url;
    },
  };
}

/** Characters of a refused path that an error shows. */
const SHOWN_LENGTH = 256;
