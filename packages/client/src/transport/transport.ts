import type { Readable } from 'node:stream';
import type { ErrorCode } from '@purser/core';
import type { Scope } from './scope.ts';
import type { TransportObserver } from './observer.ts';

/** Sends requests to one registry, and to where it redirects. */
export interface Transport extends AsyncDisposable {
  /**
   * Sends a request, with credentials, redirects and retries, and waits for the headers of the answer. Credentials are
   * sent to the origin of the registry alone, whatever the URL of the request.
   *
   * @throws RegistryClientError for a status that was not expected, under the code that fits; `UNAUTHORIZED` also when
   * no credentials can be had, or the token server is refused; `UNAVAILABLE` when there is no answer;
   * `RESPONSE_INVALID` for one that breaks HTTP or the API; `SIZE_INVALID` when a body is not `contentLength` bytes
   * long. The reason of the signal, and what the source of the body throws, as they are.
   */
  send(request: TransportRequest): Promise<TransportResponse>;
}

export interface TransportRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Bytes, or a function that makes the body anew for each attempt. An iterable alone is sent once at most. */
  readonly body?: RequestBody | undefined;
  /** Bytes of a streamed body, which goes out in chunks of unknown total without it. */
  readonly contentLength?: number | undefined;
  /** Access the request needs; several for a mount. None: what the registry's challenge names. */
  readonly scopes: readonly Scope[];
  /** Statuses that are answers to the caller. Any other is an error. */
  readonly expect: readonly number[];
  /** The code of an error for a status, where the endpoint says more than the status does: `{ 404: 'BLOB_UNKNOWN' }`. */
  readonly codes?: Readonly<Record<number, ErrorCode>> | undefined;
  /**
   * Whether sending it twice does no harm. Default: `true` for GET and HEAD. A request of which nothing went out is
   * repeated in any case.
   */
  readonly repeatable?: boolean | undefined;
  /** Whether to go where a redirect leads; else the redirect itself is the answer. Default `true`. */
  readonly followRedirects?: boolean | undefined;
  /**
   * Whether the body of the answer may be large, as that of a blob is. Such requests have connections of their own, so
   * that slow ones do not hold up the others. Default `false`.
   */
  readonly isTransfer?: boolean | undefined;
  /** Ends the request, and the body of its answer. */
  readonly signal?: AbortSignal | undefined;
}

export type RequestBody =
  | Uint8Array
  | (() => AsyncIterable<Uint8Array>)
  | AsyncIterable<Uint8Array>;

export interface TransportResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** What was asked in the end, after redirects. */
  readonly url: URL;
  /**
   * The caller reads it to its end or destroys it, or the connection is lost for other requests. It fails with
   * RegistryClientError `UNAVAILABLE` when it is cut or stands still; with the reason of the request's signal.
   */
  readonly body: Readable;
}

/** Names in any case. */
export interface ResponseHeaders {
  /** The value; of several lines, all of them joined by a comma. */
  get(name: string): string | undefined;
  /** One value per line. */
  getAll(name: string): readonly string[];
}

export interface TransportOptions {
  readonly tls?: TlsOptions | undefined;
  /**
   * An HTTP or HTTPS proxy for all requests; user and password may stand in the URL. `environment`: what `HTTP_PROXY`,
   * `HTTPS_PROXY` and `NO_PROXY` say. Default: none.
   */
  readonly proxy?: string | URL | undefined;
  /**
   * Most connections to one origin for transfers of blobs, and as many again for all other requests; further requests
   * wait. At least 1. Default 16.
   */
  readonly connectionsPerHost?: number | undefined;
  readonly retries?: RetryOptions | undefined;
  /**
   * Longest wait in milliseconds for the headers of an answer, counted from the last byte that was sent, and anew for
   * each attempt; waiting for a free connection is not counted. A connection must be there within it too. At least 1.
   * Default 60,000. The clock ticks in steps of half a second.
   */
  readonly deadlineMs?: number | undefined;
  /** Longest wait in milliseconds between two pieces of the body of an answer. At least 1. Default 60,000. */
  readonly idleTimeoutMs?: number | undefined;
  /**
   * Least speed of the body of an answer, over each `idleTimeoutMs` in which somebody reads. A slower one is cut off.
   * Default 1024; 0 for none.
   */
  readonly minimumBytesPerSecond?: number | undefined;
  /** Default `purser-client`. */
  readonly userAgent?: string | undefined;
  /** Redirects that one request may follow. Default 10; 0 follows none. */
  readonly maximumRedirects?: number | undefined;
  /** Largest headers of an answer in bytes. Default 65,536, for the signed URLs and challenges that are met. */
  readonly maximumHeaderBytes?: number | undefined;
  /**
   * Token servers that may be asked although they stand at another site than the registry: origins, as
   * `https://auth.example`, or hosts, which means their https origin. Default: none.
   */
  readonly trustedRealms?: readonly string[] | undefined;
  /**
   * Servers that the registry may redirect to although they are nearer to this machine than the registry is, as a
   * storage in the private network is for a public registry: origins, or hosts, which means their https origin.
   * Default: none.
   */
  readonly trustedRedirects?: readonly string[] | undefined;
  /** Whether to ask token servers for a refresh token, kept in memory, in place of sending the password each time. Default `false`. */
  readonly offlineTokens?: boolean | undefined;
  /** The name by which token servers know this client. Default `purser`. */
  readonly clientId?: string | undefined;
  /** Told what happens. It must not throw. Default: nobody. */
  readonly observer?: TransportObserver | undefined;
}

export interface TlsOptions {
  /** Certificates in PEM of further authorities to trust, besides those that come with Node. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** The client's certificate chain in PEM, shown to the registry and its token server alone. */
  readonly certificate?: string | Uint8Array | undefined;
  /** The private key of `certificate`, in PEM. */
  readonly key?: string | Uint8Array | undefined;
}

export interface RetryOptions {
  /** Attempts in all, the first one too. At least 1. Default 4. */
  readonly attempts?: number | undefined;
  /** Bound of the first wait in milliseconds; it doubles with each further one, and each wait is a random part of its bound. Default 250. */
  readonly baseDelayMs?: number | undefined;
  /** Largest bound of a wait, in milliseconds. Default 10,000. */
  readonly maximumDelayMs?: number | undefined;
  /** Longest `Retry-After` in milliseconds that is waited for; a longer one ends the request. Default 30,000. */
  readonly maximumRetryAfterMs?: number | undefined;
  /** No wait ends later than this many milliseconds after the first attempt began. Default 120,000. */
  readonly withinMs?: number | undefined;
}
