import { DriverError, type StorageDriver } from '@purser/storage-driver';
import type { Logger } from '../../observe/logger.ts';
import { StorageProbe } from './storage-probe.ts';

const PATH = '/purser/readiness';

export interface ReadinessOptions {
  readonly driver: StorageDriver;
  /** While writes are refused, storage is not written to. Default: they are taken. */
  readonly writes?: { readonly areRefused: boolean } | undefined;
  readonly logger: Logger;
  /** Milliseconds. Default: the time of this process. */
  readonly now?: (() => number) | undefined;
}

/** Whether storage can be read, which pulls need, and written, which pushes need as well. */
export class Readiness {
  readonly #writes: ReadinessOptions['writes'];
  readonly #reading: StorageProbe;
  readonly #writing: StorageProbe;

  constructor({ driver, writes, logger, now }: ReadinessOptions) {
    this.#writes = writes;
    this.#reading = new StorageProbe({
      ask: (signal) => read(driver, signal),
      messages: {
        failed: 'storage cannot be read: not ready',
        succeeded: 'storage can be read again: ready',
      },
      logger,
      now,
    });
    this.#writing = new StorageProbe({
      ask: (signal) => driver.putContent(PATH, CONTENT, { durable: false, signal }),
      messages: {
        failed: 'storage cannot be written: pushes fail',
        succeeded: 'storage can be written again',
      },
      logger,
      now,
    });
  }

  canRead(): Promise<boolean> {
    return this.#reading.isGood();
  }

  /** @returns `undefined` while the registry is read-only: its storage may be, too. */
  async canWrite(): Promise<boolean | undefined> {
    return this.#writes?.areRefused ? undefined : this.#writing.isGood();
  }
}

const CONTENT = Buffer.from('ready\n');

/** Reads the directory, and the file of the other probe, which may be missing. */
async function read(driver: StorageDriver, signal: AbortSignal): Promise<void> {
  await driver.stat('/docker', { signal });
  try {
    await driver.getContent(PATH, { signal });
  } catch (error) {
    if (!DriverError.is(error, 'PATH_NOT_FOUND')) throw error;
  }
}
