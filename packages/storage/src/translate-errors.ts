import { RegistryError, type ErrorCode } from '@purser/core';
import {
  DriverError,
  type DriverErrorCode,
  type FileWriter,
  type StorageDriver,
} from '@purser/storage-driver';

/** What a client can be told of a driver's failure. The rest stays a DriverError: it is for the operator. */
const CODES: Partial<Record<DriverErrorCode, ErrorCode>> = {
  NO_SPACE: 'STORAGE_FULL',
  BUSY: 'UNAVAILABLE',
  PERMISSION_DENIED: 'UNAVAILABLE',
  READ_ONLY: 'UNAVAILABLE',
  UNAVAILABLE: 'UNAVAILABLE',
  PATH_TOO_LONG: 'NAME_INVALID',
};

const MESSAGES: Partial<Record<DriverErrorCode, string>> = {
  PERMISSION_DENIED: 'the storage refuses access: the operator must look at its permissions',
  READ_ONLY: 'the storage is read-only: the operator must mount it for writing',
  UNAVAILABLE: 'the storage cannot be reached: the operator must look at its disk or service',
  PATH_TOO_LONG: 'the repository name is longer than the storage can keep',
};

/** Makes a driver fail with RegistryErrors, cause kept, where a client can act on the failure. */
export function translateErrors(driver: StorageDriver): StorageDriver {
  return {
    name: driver.name,
    getContent: (...call) => translated(driver.getContent(...call)),
    putContent: (...call) => translated(driver.putContent(...call)),
    create: driver.create && ((...call) => translated(driver.create!(...call))),
    openReader: (...call) => translated(driver.openReader(...call)),
    openWriter: async (...call) => translateWriter(await translated(driver.openWriter(...call))),
    stat: (...call) => translated(driver.stat(...call)),
    list: (...call) => translatedListing(driver.list(...call)),
    walk: (...call) => translatedListing(driver.walk(...call)),
    listAbandoned:
      driver.listAbandoned && ((...call) => translatedListing(driver.listAbandoned!(...call))),
    move: (...call) => translated(driver.move(...call)),
    delete: (...call) => translated(driver.delete(...call)),
    locate: (...call) => translated(driver.locate(...call)),
  };
}

function translateWriter(writer: FileWriter): FileWriter {
  return {
    get size() {
      return writer.size;
    },
    write: (content) => translated(writer.write(content)),
    commit: () => translated(writer.commit()),
    close: () => translated(writer.close()),
    cancel: () => translated(writer.cancel()),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

async function translated<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw translate(error);
  }
}

async function* translatedListing<T>(entries: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* entries;
  } catch (error) {
    throw translate(error);
  }
}

function translate(error: unknown): unknown {
  const code = DriverError.is(error) ? CODES[error.code] : undefined;
  if (code === undefined) return error;
  return new RegistryError(code, {
    message: MESSAGES[(error as DriverError).code],
    cause: error,
  });
}
