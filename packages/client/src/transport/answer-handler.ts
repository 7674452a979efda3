import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { AnswerBody } from './answer-body.ts';
import { connectionError } from './connection-error.ts';
import { displayUrl } from './display.ts';
import type { Progress } from './exchange.ts';
import { RegistryClientError } from './registry-client-error.ts';
import { responseHeaders } from './response-headers.ts';
import type { TransportResponse } from './transport.ts';

interface AnswerHandlerOptions {
  readonly url: URL;
  readonly signal: AbortSignal | undefined;
  readonly progress: Progress;
  readonly minimumBytesPerSecond: number;
  readonly idleTimeoutMs: number;
}

/** Servers send one or two answers such as `103` ahead; this many are an attempt to keep a client waiting. */
const MOST_INFORMATIONAL = 16;

/** Takes in the answer to one request as it arrives. */
export class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #options: AnswerHandlerOptions;
  readonly #answer = Promise.withResolvers<TransportResponse>();
  #controller: Dispatcher.DispatchController | undefined;
  #body: AnswerBody | undefined;
  #informational = 0;

  constructor(options: AnswerHandlerOptions) {
    this.#options = options;
    options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Settles when the headers are there, or never will be. */
  get answer(): Promise<TransportResponse> {
    return this.#answer.promise;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    const { signal, progress } = this.#options;
    if (signal?.aborted) controller.abort(signal.reason);
    else progress.isSent = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) {
      this.#informational += 1;
      if (this.#informational > MOST_INFORMATIONAL) controller.abort(this.#endlessInformational());
      return;
    }
    const { url } = this.#options;
    this.#body = new AnswerBody(controller, this.#options);
    // A body that its reader leaves needs the signal no longer.
    this.#body.once('close', this.#release);
    this.#answer.resolve({ status, headers: responseHeaders(headers), url, body: this.#body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.receive(chunk);
  }

  onResponseEnd(): void {
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#release();
    const { signal, url } = this.#options;
    if (this.#body === undefined) {
      this.#answer.reject(signal?.aborted ? signal.reason : error);
    } else {
      this.#body.fail(signal?.aborted ? signal.reason : connectionError(error, displayUrl(url)));
    }
  }

  readonly #abort = (): void => {
    const reason: unknown = this.#options.signal?.reason;
    // A request that still waits for a connection has no controller: it is ended when it gets one.
    this.#controller?.abort(reason as Error);
    this.#answer.reject(reason);
    this.#body?.fail(reason as Error);
  };

  readonly #release = (): void => {
    this.#options.signal?.removeEventListener('abort', this.#abort);
  };

  #endlessInformational(): RegistryClientError {
    return new RegistryClientError('RESPONSE_INVALID', {
      message: `${displayUrl(this.#options.url)} announces an answer without end`,
    });
  }
}
