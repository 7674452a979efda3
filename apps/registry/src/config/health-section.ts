import { z } from 'zod';
import { headers } from './http-section.ts';
import { parseTcpAddress } from './listen-address.ts';
import { duration, durations, flag, integer, section, text } from './values.ts';

const INTERVAL_MS = 10_000;
const TIMEOUT_MS = 5_000;

const often = {
  /** How often it is done, the first time after one interval. Default 10 s, which also 0 means. */
  interval: durationOr(INTERVAL_MS),
  /** How many failures in a row count as one; 0 and less count as 1. */
  threshold: integer()
    .transform((threshold) => Math.max(1, threshold))
    .default(1),
};

/** How long an answer is waited for. Default 5 s, which also 0 means. */
const timeout = durationOr(TIMEOUT_MS);

const fileCheck = section({ file: text('the path of a file').min(1), ...often });

const httpCheck = section({
  uri: text().refine(isHttpUrl, { error: 'a URL such as https://example.org/' }),
  headers: headers.default({}),
  statuscode: integer()
    .transform((status) => (status > 0 ? status : 200))
    .default(200),
  timeout,
  ...often,
});

const tcpCheck = section({
  addr: text().refine(isDestination, { error: 'host:port' }),
  timeout,
  ...often,
});

/** What closes the registry while it fails. */
export const health = section({
  /** Whether storage answers. */
  storagedriver: section({ enabled: flag(false), ...often }).prefault({}),
  /** Files that are there while the registry is to be closed. */
  file: z.array(fileCheck, { error: 'a list' }).default([]),
  http: z.array(httpCheck, { error: 'a list' }).default([]),
  tcp: z.array(tcpCheck, { error: 'a list' }).default([]),
}).superRefine(({ file, http, tcp }, context) => {
  const seen = new Set<string>();
  const names = [
    ...file.map((check, index) => ['file', index, 'file', check.file] as const),
    ...http.map((check, index) => ['http', index, 'uri', check.uri] as const),
    ...tcp.map((check, index) => ['tcp', index, 'addr', check.addr] as const),
  ];
  for (const [kind, index, key, name] of names) {
    if (seen.has(name)) {
      const message = 'what no other check is called after';
      context.addIssue({ code: 'custom', path: [kind, index, key], message });
    }
    seen.add(name);
  }
});

/** A duration, or what stands for none and for 0. */
function durationOr(fallbackMs: number) {
  return duration()
    .transform((time) => (time > 0 ? time : fallbackMs))
    .register(durations, { unit: 'ms' })
    .default(fallbackMs);
}

function isHttpUrl(value: string): boolean {
  return ['http:', 'https:'].includes(URL.parse(value)?.protocol ?? '');
}

function isDestination(value: string): boolean {
  const address = parseTcpAddress(value);
  return address?.kind === 'tcp' && address.port > 0;
}
