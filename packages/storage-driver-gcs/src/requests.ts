import type { Storage } from '@google-cloud/storage';
import { ConcurrencyLimit } from '@purser/storage-driver';
import { Agent, type Dispatcher } from 'undici';
import { parseRetryAfter, ResponseError, TimeoutError } from './errors.ts';
import { Retry, type RetryPolicy } from './retry.ts';

export interface RequestsOptions {
  readonly storage: Storage;
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Whether requests carry the credentials of `storage`. */
  readonly isAuthorised: boolean;
  readonly userAgent: string | undefined;
  readonly maxConcurrency: number;
  readonly requestTimeoutMs: number;
  readonly retry: RetryPolicy;
}

export interface OwnRequest {
  readonly method: 'DELETE' | 'GET' | 'POST' | 'PUT';
  /** A path below the endpoint; or the URL of an upload session, which needs no credentials. */
  readonly to: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | Iterable<Uint8Array> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Characters of the service's explanation that an error repeats. */
const SHOWN_LENGTH = 500;

/**
 * Sends every request of the driver: those of the client library, and those that it does not send well. One place bounds
 * how many are on their way, how long each may take, and how often it is tried.
 */
export class Requests {
  readonly storage: Storage;
  readonly retry: Retry;
  readonly #options: RequestsOptions;
  readonly #limit: ConcurrencyLimit;
  readonly #agent: Agent;

  constructor(options: RequestsOptions) {
    this.storage = options.storage;
    this.retry = new Retry(options.retry);
    this.#options = options;
    this.#limit = new ConcurrencyLimit(options.maxConcurrency);
    const { requestTimeoutMs: timeout } = options;
    this.#agent = new Agent({
      headersTimeout: timeout,
      bodyTimeout: timeout,
      connect: { timeout },
    });
  }

  /** Calls the client library once. A call that is given up may go on unseen: the library cannot be told to stop. */
  call<T>(work: (storage: Storage) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#limit.run(() => this.#inTime(work(this.storage), signal), signal);
  }

  /** Sends a request of our own once, and gives any answer, whose body has to be consumed. */
  send(request: OwnRequest): Promise<Dispatcher.ResponseData> {
    return this.#limit.run(() => this.#send(request), request.signal);
  }

  async #send({ method, to, headers, body, signal }: OwnRequest): Promise<Dispatcher.ResponseData> {
    const { endpoint, userAgent } = this.#options;
    const isOurs = to.startsWith('/');
    const url = new URL(isOurs ? `${endpoint}${to}` : to);
    return this.#agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: {
        ...(isOurs ? await this.#credentials() : {}),
        ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: body as Dispatcher.DispatchOptions['body'] & object }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async #credentials(): Promise<Record<string, string>> {
    if (!this.#options.isAuthorised) return {};
    return Object.fromEntries(await this.storage.authClient.getRequestHeaders());
  }

  async #inTime<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { requestTimeoutMs } = this.#options;
    const { promise: end, reject } = Promise.withResolvers<never>();
    const expire = () =>
      reject(new TimeoutError(`no answer of the storage within ${requestTimeoutMs} ms`));
    const timer = setTimeout(expire, requestTimeoutMs);
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    try {
      return await Promise.race([work, end]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }
}

/** Gives an answer that is a success; of another it makes an error, and consumes the body. */
export async function successOf(
  response: Dispatcher.ResponseData,
): Promise<Dispatcher.ResponseData> {
  if (response.statusCode >= 200 && response.statusCode < 300) return response;
  throw await errorOf(response);
}

/** Consumes the body of an answer and makes an error of it. */
export async function errorOf(response: Dispatcher.ResponseData): Promise<ResponseError> {
  const text = await response.body.text();
  return new ResponseError({
    status: response.statusCode,
    message: messageOf(text).slice(0, SHOWN_LENGTH),
    retryAfterMs: parseRetryAfter(response.headers['retry-after']),
  });
}

/** The service explains itself in JSON, whatever stands before it perhaps in HTML. */
function messageOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    return typeof error?.message === 'string' ? error.message : text;
  } catch {
    return text;
  }
}
