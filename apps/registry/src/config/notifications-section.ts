import { z } from 'zod';
import { headers } from './http-section.ts';
import { duration, flag, integer, isSection, section, text } from './values.ts';

const list = () => z.array(text(), { error: 'a list' }).default([]);
const atLeastOne = () => integer().min(1, { error: 'an integer, 1 or more' });

const endpoint = section({
  /** Who is told, in the log and in the outbox: no two have one name. */
  name: text('a name').min(1, { error: 'a name' }),
  url: text('a URL').refine(isEndpointUrl, { error: 'an http or https URL' }),
  disabled: flag(false),
  /** Sent with every event. `Content-Type` replaces the media type of the envelope. */
  headers: headers.default({}),
  /** For a whole attempt. Default 1 s, which also 0 means. */
  timeout: duration().optional(),
  /** Failures in a row after which attempts wait. Default 10, which also 0 and less mean. */
  threshold: integer().optional(),
  /** How long each of them waits. Default 1 s, which also 0 means. */
  backoff: duration().optional(),
  /** An older spelling of `ignore.mediatypes`; both count. */
  ignoredmediatypes: list(),
  ignore: section({ mediatypes: list(), actions: list() }).prefault({}),
  /** How an event is written. Default `distribution`. */
  envelope: z
    .enum(['distribution', 'cloudevents'], { error: 'distribution or cloudevents' })
    .default('distribution'),
  /** Signs every attempt. */
  secret: text().min(1, { error: 'a secret' }).optional(),
  /** When an event is put aside that an endpoint does not take. Default: never. */
  deadletter: section({
    /** After so many answers that refuse it. */
    attempts: atLeastOne().optional(),
    /** After so long since it happened. */
    age: duration().optional(),
  }).prefault({}),
});

export const notifications = section({
  events: section({
    /** Whether an event about a manifest lists what the manifest refers to. */
    includereferences: flag(false),
  }).prefault({}),
  endpoints: z.array(endpoint, { error: 'a list of endpoints' }).default([]),
  outbox: section({
    /** Keeps accepted events until they have arrived, also over a crash. One process uses it. In memory when absent. */
    directory: text('the path of a directory').optional(),
    /** The most bytes kept; the oldest events are dropped first. Default 256 MiB. */
    maxbytes: integer().min(65_536, { error: 'an integer, 65536 or more' }).optional(),
    /** The most events kept, likewise. Default 1,000,000. */
    maxevents: integer().min(16, { error: 'an integer, 16 or more' }).optional(),
    /** Whether an event is accepted only when it would survive a loss of power, and not only the end of the process. */
    durable: flag(false),
  }).prefault({}),
}).refine(({ endpoints }) => new Set(endpoints.map(({ name }) => name)).size === endpoints.length, {
  path: ['endpoints'],
  error: 'endpoints of different names',
  when: isSection,
});

function isEndpointUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol);
}
