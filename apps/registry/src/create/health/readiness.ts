import type { StorageDriver } from '@purser/storage-driver';
import { describeError } from '../../observe/describe-error.ts';
import type { Logger } from '../../observe/logger.ts';
import { storageAnswer } from '../../observe/health/storage-answer.ts';

/** How long an answer stands: however often someone asks, storage is written to no more often. */
const VALID_MS = 2_000;
const TIMEOUT_MS = 5_000;
const PATH = '/purser/readiness';

export interface ReadinessOptions {
  readonly driver: StorageDriver;
  /** While writes are refused, storage is only read. Default: they are taken. */
  readonly writes?: { readonly areRefused: boolean } | undefined;
  readonly logger: Logger;
  /** Milliseconds. Default: the time of this process. */
  readonly now?: (() => number) | undefined;
}

/**
 * Whether requests can be served: a small file is written to storage and read again. Of a read-only registry storage is
 * only read, for it may be one that cannot be written.
 */
export class Readiness {
  readonly #options: ReadinessOptions;
  #answer: Promise<boolean> | undefined;
  #validUntil = -Infinity;
  #wasReady = true;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Never fails. Whoever asks meanwhile gets the same answer. */
  isReady(): Promise<boolean> {
    const { now = () => performance.now() } = this.#options;
    if (this.#answer === undefined || now() >= this.#validUntil) {
      this.#validUntil = Infinity;
      this.#answer = this.#ask().finally(() => (this.#validUntil = now() + VALID_MS));
    }
    return this.#answer;
  }

  async #ask(): Promise<boolean> {
    const { logger } = this.#options;
    try {
      await this.#roundTrip();
      if (!this.#wasReady) logger.info('storage can be written again; ready');
      this.#wasReady = true;
    } catch (error) {
      if (this.#wasReady)
        logger.error('storage cannot be written; not ready', describeError(error));
      this.#wasReady = false;
    }
    return this.#wasReady;
  }

  #roundTrip(): Promise<void> {
    const { driver, writes } = this.#options;
    return storageAnswer(TIMEOUT_MS, async (signal) => {
      if (writes?.areRefused) return void (await driver.stat('/docker', { signal }));
      await driver.putContent(PATH, Buffer.from('ready\n'), { durable: false, signal });
      await driver.getContent(PATH, { signal });
    });
  }
}
