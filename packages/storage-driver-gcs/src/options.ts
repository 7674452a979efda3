import { CHUNK_ALIGNMENT } from './stored-upload.ts';

/** A service account's key, as in its JSON file. */
export interface GcsCredentials {
  readonly client_email: string;
  readonly private_key: string;
}

export interface GcsRetryOptions {
  /** How often a request is sent at most: an integer, 1 or more. Default 7. */
  readonly maxAttempts?: number | undefined;
  /** Milliseconds; the wait before the second attempt is at most this, and doubles with each. Default 250. */
  readonly baseDelayMs?: number | undefined;
  /** Milliseconds; no wait is longer, unless the service asks for it. Default 8000. */
  readonly maxDelayMs?: number | undefined;
}

/** @see distribution, `storage.gcs`: the parameters are the same but for `endpoint`, `requestTimeoutMs` and `retry`. */
export interface GcsDriverOptions {
  readonly bucket: string;
  /** The path of a service account's key file. Without it and `credentials`: application default credentials. */
  readonly keyFile?: string | undefined;
  /** A service account's key itself; passed over when there is a `keyFile`. */
  readonly credentials?: GcsCredentials | undefined;
  /** What the name of every object begins with; slashes around it do not count. Default none. */
  readonly rootDirectory?: string | undefined;
  /**
   * Bytes sent in one request of a long upload, which each upload holds in memory: a multiple of 262144.
   * Default 8 MiB.
   */
  readonly chunkSize?: number | undefined;
  /** The most requests on their way at once; further ones wait. An integer; lower values are raised to 25. Default 50. */
  readonly maxConcurrency?: number | undefined;
  /** What requests call themselves. Default that of the client library. */
  readonly userAgent?: string | undefined;
  /**
   * Where the service is: `https://storage.googleapis.com` when absent. Over `http:`, as with an emulator, no
   * credentials are sent.
   */
  readonly endpoint?: string | undefined;
  /** Milliseconds after which an unanswered request counts as broken. Default 60000. */
  readonly requestTimeoutMs?: number | undefined;
  readonly retry?: GcsRetryOptions | undefined;
}

/** The options of the driver, checked, each present. */
export interface ResolvedOptions {
  readonly bucket: string;
  readonly keyFile: string | undefined;
  readonly credentials: GcsCredentials | undefined;
  /** Empty, or with a slash at its end. */
  readonly keyPrefix: string;
  readonly chunkSize: number;
  readonly maxConcurrency: number;
  readonly userAgent: string | undefined;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly isEmulator: boolean;
  readonly requestTimeoutMs: number;
  readonly retry: Readonly<Required<{ [K in keyof GcsRetryOptions]: number }>>;
}

const DEFAULT_ENDPOINT = 'https://storage.googleapis.com';
const DEFAULT_CHUNK_SIZE = 8 * 1024 * 1024;
const DEFAULT_MAX_CONCURRENCY = 50;
const MINIMUM_MAX_CONCURRENCY = 25;

/** @throws TypeError that names the option that cannot be meant. */
export function resolveOptions(options: GcsDriverOptions): ResolvedOptions {
  const { bucket, keyFile, userAgent, chunkSize = DEFAULT_CHUNK_SIZE } = options;
  if (typeof bucket !== 'string' || !/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)) {
    throw new TypeError(`bucket must be the name of a bucket: ${String(bucket)}`);
  }
  if (keyFile === '') throw new TypeError('keyFile must be a path');
  checkInteger('chunkSize', chunkSize, CHUNK_ALIGNMENT);
  if (chunkSize % CHUNK_ALIGNMENT !== 0) {
    throw new TypeError(`chunkSize must be a multiple of ${CHUNK_ALIGNMENT} bytes: ${chunkSize}`);
  }
  const { requestTimeoutMs = 60_000, maxConcurrency = DEFAULT_MAX_CONCURRENCY } = options;
  checkInteger('requestTimeoutMs', requestTimeoutMs, 1);
  checkInteger('maxConcurrency', maxConcurrency, Number.MIN_SAFE_INTEGER);
  return {
    bucket,
    keyFile,
    userAgent,
    chunkSize,
    requestTimeoutMs,
    credentials: keyFile === undefined ? checkedCredentials(options.credentials) : undefined,
    keyPrefix: keyPrefixOf(options.rootDirectory),
    maxConcurrency: Math.max(maxConcurrency, MINIMUM_MAX_CONCURRENCY),
    retry: resolveRetry(options.retry),
    ...resolveEndpoint(options.endpoint),
  };
}

function checkInteger(name: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new TypeError(`${name} must be an integer, ${minimum} or more: ${String(value)}`);
}

function keyPrefixOf(rootDirectory = ''): string {
  const root = rootDirectory.replaceAll(/^\/+|\/+$/g, '');
  return root === '' ? '' : `${root}/`;
}

/** Never shows what it refuses: it may hold a key. */
function checkedCredentials(credentials: GcsCredentials | undefined): GcsCredentials | undefined {
  if (credentials === undefined) return undefined;
  for (const name of ['client_email', 'private_key'] as const) {
    if (typeof credentials[name] !== 'string' || credentials[name] === '') {
      throw new TypeError(`credentials.${name} is missing`);
    }
  }
  return credentials;
}

function resolveRetry(retry: GcsRetryOptions = {}): ResolvedOptions['retry'] {
  const { maxAttempts = 7, baseDelayMs = 250, maxDelayMs = 8000 } = retry;
  checkInteger('retry.maxAttempts', maxAttempts, 1);
  checkInteger('retry.baseDelayMs', baseDelayMs, 0);
  checkInteger('retry.maxDelayMs', maxDelayMs, 0);
  return { maxAttempts, baseDelayMs, maxDelayMs };
}

function resolveEndpoint(
  endpoint = DEFAULT_ENDPOINT,
): Pick<ResolvedOptions, 'endpoint' | 'isEmulator'> {
  const url = URL.parse(endpoint);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new TypeError(`endpoint must be an http or https URL: ${endpoint}`);
  }
  return { endpoint: url.href.replace(/\/+$/, ''), isEmulator: url.protocol === 'http:' };
}
