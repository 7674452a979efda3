import { describeError } from '../../observe/describe-error.ts';
import { storageAnswer } from '../../observe/health/storage-answer.ts';
import type { Logger } from '../../observe/logger.ts';

/** How long an answer counts: storage is asked no more often, however often the probe is. */
const VALID_MS = 2_000;
const TIMEOUT_MS = 5_000;

export interface StorageProbeOptions {
  readonly ask: (signal: AbortSignal) => Promise<void>;
  /** Logged when the first answer fails, and when one succeeds again. */
  readonly messages: { readonly failed: string; readonly succeeded: string };
  readonly logger: Logger;
  /** Milliseconds. Default: the time of this process. */
  readonly now?: (() => number) | undefined;
}

/** Asks storage one question, at most once in two seconds, with five seconds to answer. */
export class StorageProbe {
  readonly #options: StorageProbeOptions;
  #answer: Promise<boolean> | undefined;
  #validUntil = -Infinity;
  #wasGood = true;

  constructor(options: StorageProbeOptions) {
    this.#options = options;
  }

  /** Never fails. Concurrent callers share an answer. */
  isGood(): Promise<boolean> {
    const { now = () => performance.now() } = this.#options;
    if (this.#answer === undefined || now() >= this.#validUntil) {
      this.#validUntil = Infinity;
      this.#answer = this.#ask().finally(() => (this.#validUntil = now() + VALID_MS));
    }
    return this.#answer;
  }

  async #ask(): Promise<boolean> {
    const { ask, messages, logger } = this.#options;
    try {
      await storageAnswer(TIMEOUT_MS, ask);
      if (!this.#wasGood) logger.info(messages.succeeded);
      this.#wasGood = true;
    } catch (error) {
      if (this.#wasGood) logger.error(messages.failed, describeError(error));
      this.#wasGood = false;
    }
    return this.#wasGood;
  }
}
