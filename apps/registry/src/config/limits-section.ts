import { isIP } from 'node:net';
import { z } from 'zod';
import { duration, integer, section, text } from './values.ts';

const count = (least: number) =>
  integer().min(least, {
    error: least === 0 ? 'an integer, 0 or more' : `an integer, ${least} or more`,
  });

/** Timers look at connections this often at most. */
const LEAST_TIMEOUT_MS = 1_000;

const timeout = () =>
  duration().refine((value) => value === 0 || value >= LEAST_TIMEOUT_MS, {
    error: '0, or a duration of 1s or more',
  });

const percentage = () =>
  integer()
    .min(1, { error: 'a percentage from 1 to 100' })
    .max(100, { error: 'a percentage from 1 to 100' });

const network = () =>
  text('an address').refine(isNetwork, { error: 'an IP address, or a network such as 10.0.0.0/8' });

/** What one process takes on at a time, and how long it waits for clients. Purser's own; 0 is no limit where it may be. */
export const limits = section({
  /** Connections. Beyond it the one goes that has been idle for longest. */
  connections: count(0).default(20_000),
  /** Connections of one address. */
  connectionsperclient: count(0).default(0),
  /** Requests that are worked on at a time, other than transfers. */
  requests: count(1).default(500),
  /** Pushes, and pulls of blobs, at a time: requests that wait for their client in the middle of the work. */
  transfers: count(1).default(5_000),
  /** Long searches in storage at a time. */
  walks: count(1).default(2),
  /** Bytes of manifests that are being pushed, and as many of answers that clients have not taken yet. */
  waitingbytes: count(1024 * 1024).default(64 * 1024 * 1024),
  /** Percentage of `requests`, `transfers`, `queue` and `waitingbytes` that one client address can have. */
  clientshare: percentage().default(50),
  /** The same for requests whose user is not verified, if there is access control. */
  anonymousshare: percentage().default(25),
  /** Proxies whose `X-Forwarded-For` or `Forwarded` names the client address. */
  trustedproxies: z
    .array(network(), { error: 'a list of addresses and networks, such as [10.0.0.0/8]' })
    .default(['127.0.0.0/8', '::1/128']),
  /** Requests that wait for a place, of either kind. */
  queue: count(0).default(1_000),
  /** How long they do. */
  queuetimeout: duration().default(10_000),
  /** How long headers may take to arrive; at least a second. */
  headertimeout: duration()
    .refine((value) => value >= LEAST_TIMEOUT_MS, { error: 'a duration of 1s or more' })
    .default(60_000),
  /** How long the body of a request may take that is no blob. */
  requesttimeout: timeout().default(300_000),
  /** How long a connection may stand still while it is the client's turn. */
  idletimeout: timeout().default(120_000),
  /** The fewest bytes a second that a client sends or takes of a body, over `idletimeout`. */
  bodyrate: count(0).default(100),
  /** Bytes of the headers of one request, with its URL. */
  headersize: count(1024).default(64 * 1024),
  /** Headers of one request. */
  headers: count(10).default(200),
  /** Characters of the URL of one request. */
  urllength: count(256).default(16 * 1024),
});

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || address.includes('%')) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}
