import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { cors } from './cors-section.ts';
import { debug } from './debug-section.ts';
import { limits } from './limits-section.ts';
import { parseTcpAddress } from './listen-address.ts';
import { tls } from './tls-section.ts';
import { duration, flag, integer, isSection, section, text } from './values.ts';

export const headers = z.record(
  z
    .string()
    .refine(isHeaderName, { error: 'the name of a header' })
    .refine((name) => !FRAMING.has(name.toLowerCase()), {
      error: 'a header that does not say where an answer ends',
    }),
  z.array(text().refine(isHeaderValue, { error: 'a header value without line breaks' }), {
    error: 'a list of values, such as [nosniff]',
  }),
  { error: 'a map' },
);

/** Which the server has to choose for each answer. */
const FRAMING: ReadonlySet<string> = new Set(['connection', 'content-length', 'transfer-encoding']);

/** More than any machine has processors for is a mistake. */
const MOST_WORKERS = 256;

export const http = section({
  /** `host:port`, `:port` (every interface), `[ipv6]:port`, or the path of a socket. Default `127.0.0.1:5000`. */
  addr: text('an address').default('127.0.0.1:5000'),
  net: z.enum(['tcp', 'unix'], { error: 'tcp or unix' }).default('tcp'),
  /** The URL by which clients reach the registry; goes into `Location`. From the request when absent. */
  host: text()
    .refine(isPublicUrl, { error: 'a URL such as https://registry.example.org' })
    .optional(),
  /** The path below which the API is served: `/registry/` serves `/registry/v2/`. */
  prefix: text()
    .regex(/^(?:\/[A-Za-z0-9._~-]+)*\/?$/, { error: 'a path such as /registry' })
    .optional(),
  /** Encrypts what clients send back. The same for servers that clients reach by one address; random when absent. */
  secret: text().optional(),
  /** `Location` without scheme and host. */
  relativeurls: flag(false),
  /** How long running requests may go on after SIGTERM, in milliseconds once read. Default 30 s. */
  draintimeout: duration().default(30_000),
  /** How much of it, after SIGTERM, connections are still accepted for. Default 5 s. */
  draindelay: duration().default(5_000),
  /** Absent once read when there is no certificate. */
  tls: tls.prefault({}),
  /** HTTP/2 over TLS. */
  http2: section({ disabled: flag(false) }).prefault({}),
  /** Whether clients may speak HTTP/2 without TLS, beside HTTP/1.1; they have to know beforehand. */
  h2c: section({ enabled: flag(false) }).prefault({}),
  /** How many processes serve on the one address. Default 1. */
  workers: integer()
    .min(1, { error: `an integer from 1 to ${MOST_WORKERS}` })
    .max(MOST_WORKERS, { error: `an integer from 1 to ${MOST_WORKERS}` })
    .default(1),
  /** Sent with every answer of the API. */
  headers: headers.default({}),
  /** Tells operators how the server is doing. */
  debug: debug.prefault({}),
  limits: limits.prefault({}),
  cors: cors.prefault({}),
})
  .refine(({ addr, net }) => net === 'unix' || parseTcpAddress(addr) !== undefined, {
    path: ['addr'],
    error: 'host:port, :port or [ipv6]:port with a port up to 65535',
    when: isSection,
  })
  .transform(({ addr, net, ...rest }) => ({
    ...rest,
    listen: net === 'unix' ? { kind: 'unix' as const, path: addr } : parseTcpAddress(addr)!,
  }));

function isPublicUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.host !== '';
}

function isHeaderName(name: string): boolean {
  return succeeds(() => validateHeaderName(name));
}

function isHeaderValue(value: string): boolean {
  return succeeds(() => validateHeaderValue('x', value));
}

function succeeds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
