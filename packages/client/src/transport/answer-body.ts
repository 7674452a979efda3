import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { displayUrl } from './display.ts';
import { RegistryClientError } from './registry-client-error.ts';

interface AnswerBodyOptions {
  readonly url: URL;
  readonly minimumBytesPerSecond: number;
  /** How long the speed is looked at, in milliseconds, before it is judged. */
  readonly idleTimeoutMs: number;
}

/** As much as one read of a socket gives. */
const HIGH_WATER_MARK = 64 * 1024;

/** The body of an answer, while it arrives. Time in which nobody reads does not count against the server. */
export class AnswerBody extends Readable {
  readonly #controller: Dispatcher.DispatchController;
  readonly #options: AnswerBodyOptions;
  #isComplete = false;
  #windowStart = performance.now();
  #windowBytes = 0;

  constructor(controller: Dispatcher.DispatchController, options: AnswerBodyOptions) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#controller = controller;
    this.#options = options;
    // A body can fail before anyone reads it: that is told to who does, and does not end the process.
    this.on('error', () => {});
  }

  receive(chunk: Buffer): void {
    if (this.destroyed) return;
    this.#windowBytes += chunk.byteLength;
    const elapsedMs = performance.now() - this.#windowStart;
    if (elapsedMs > this.#options.idleTimeoutMs) {
      if (this.#windowBytes * 1000 < this.#options.minimumBytesPerSecond * elapsedMs) {
        this.destroy(this.#tooSlow());
        return;
      }
      this.#restartWindow();
    }
    if (!this.push(chunk)) this.#controller.pause();
  }

  end(): void {
    this.#isComplete = true;
    this.push(null);
  }

  fail(error: Error): void {
    this.#isComplete = true;
    this.destroy(error);
  }

  override _read(): void {
    if (!this.#controller.paused) return;
    this.#restartWindow();
    this.#controller.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#isComplete) this.#controller.abort(error ?? new Error('the answer was given up'));
    callback(error);
  }

  #restartWindow(): void {
    this.#windowStart = performance.now();
    this.#windowBytes = 0;
  }

  #tooSlow(): RegistryClientError {
    const { url, minimumBytesPerSecond } = this.#options;
    return new RegistryClientError('UNAVAILABLE', {
      message: `${displayUrl(url)} sends less than ${minimumBytesPerSecond} bytes a second`,
      retryable: true,
    });
  }
}
