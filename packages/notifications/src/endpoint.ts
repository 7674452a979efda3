import { validateHeaderName, validateHeaderValue } from 'node:http';

/** Who is told, and how. @see distribution, `notifications.endpoints`. */
export interface EndpointOptions {
  /** Used in reports. With an outbox it must not be empty or given twice: what has arrived is remembered by it. */
  readonly name: string;
  /** http or https. Its user name and password become a Basic `Authorization` header. */
  readonly url: string;
  /** Default: `false`. */
  readonly disabled?: boolean | undefined;
  /**
   * Sent with every event, each with its values. They replace `Content-Type` and the `Authorization` of the URL, but not the headers
   * of a signature. Default: none.
   */
  readonly headers?: Readonly<Record<string, readonly string[]>> | undefined;
  /** For a whole attempt. 0 or less, or absent: 1,000. */
  readonly timeoutMs?: number | undefined;
  /** How many failures in a row are followed by another attempt at once. 0 or less, or absent: 10. */
  readonly threshold?: number | undefined;
  /** How long to wait after each further failure. 0 or less, or absent: 1,000. */
  readonly backoffMs?: number | undefined;
  /** Another spelling of `ignore.mediaTypes`; both count. Default: none. */
  readonly ignoredMediaTypes?: readonly string[] | undefined;
  /** Events about these media types, and events of these actions, are not sent. Default: none. */
  readonly ignore?:
    | {
        readonly mediaTypes?: readonly string[] | undefined;
        readonly actions?: readonly string[] | undefined;
      }
    | undefined;
  /** How an event is written: as distribution does, or as a CloudEvent in structured mode. Default: `distribution`. */
  readonly envelope?: 'cloudevents' | 'distribution' | undefined;
  /** The key of a signature that is sent with every attempt. Default: nothing is signed. */
  readonly secret?: string | undefined;
  /** When to give up on an event, so that those behind it get their turn. Default: never, as distribution. */
  readonly deadLetterAfter?: DeadLetterOptions | undefined;
}

/** Whichever comes first. */
export interface DeadLetterOptions {
  /**
   * Answers with a status that refuses the event. 408, 425, 429, 502, 503 and 504 say that it may be taken later, and
   * do not count; neither does an endpoint that cannot be reached. At least 1. Default: no limit.
   */
  readonly attempts?: number | undefined;
  /** Since it happened, whatever the failures. At least 1. Default: no limit. */
  readonly ageMs?: number | undefined;
}

/** The options with every default filled in, checked once. */
export interface Endpoint {
  readonly name: string;
  /** Without user name and password. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
  readonly threshold: number;
  readonly backoffMs: number;
  readonly ignoredMediaTypes: ReadonlySet<string>;
  readonly ignoredActions: ReadonlySet<string>;
  readonly envelope: 'cloudevents' | 'distribution';
  readonly secret: string | undefined;
  readonly deadLetterAfter: { readonly attempts: number; readonly ageMs: number };
}

/** @throws TypeError when an option could not work. It does not quote the URL, which may hold a password. */
export function resolveEndpoint(options: EndpointOptions): Endpoint {
  const { name, ignore = {}, secret } = options;
  if (secret === '') throw new TypeError(`${name}: secret must not be empty`);
  const { url, authorization } = splitUrl(name, options.url);
  const headers = resolveHeaders(name, options.headers ?? {});
  return {
    name,
    url,
    headers: headers.some(isAuthorization) ? headers : [...authorization, ...headers],
    timeoutMs: positiveOr(options.timeoutMs, 1000),
    threshold: positiveOr(options.threshold, 10),
    backoffMs: positiveOr(options.backoffMs, 1000),
    ignoredMediaTypes: new Set([
      ...(options.ignoredMediaTypes ?? []),
      ...(ignore.mediaTypes ?? []),
    ]),
    ignoredActions: new Set(ignore.actions),
    envelope: options.envelope ?? 'distribution',
    secret,
    deadLetterAfter: {
      attempts: limit(name, 'attempts', options.deadLetterAfter?.attempts),
      ageMs: limit(name, 'ageMs', options.deadLetterAfter?.ageMs),
    },
  };
}

function splitUrl(name: string, text: string) {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`${name}: url must be an http or https URL`);
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const authorization =
    username === '' && password === ''
      ? []
      : [['Authorization', basic(username, password)] as const];
  return { url: url.href, authorization };
}

function basic(username: string, password: string): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function resolveHeaders(endpoint: string, headers: Readonly<Record<string, readonly string[]>>) {
  const pairs = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  );
  for (const [name, value] of pairs) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new TypeError(`${endpoint}: the header ${JSON.stringify(name)} cannot be sent`);
    }
  }
  return pairs;
}

function isAuthorization([name]: readonly [name: string, value: string]): boolean {
  return name.toLowerCase() === 'authorization';
}

function positiveOr(value: number | undefined, fallback: number): number {
  return value !== undefined && value > 0 ? value : fallback;
}

function limit(endpoint: string, option: string, value: number | undefined): number {
  if (value === undefined) return Infinity;
  if (value >= 1) return value;
  throw new TypeError(`${endpoint}: deadLetterAfter.${option} must be at least 1`);
}
