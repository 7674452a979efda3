import type { Config } from '../../../config/schema.ts';
import { limitConnections, type LimitedServer } from './connection-limit.ts';
import { limitSlowness } from './progress.ts';
import { refuseMalformed } from './refuse-malformed.ts';

type LimitsConfig = Config['http']['limits'];

/** Connections are looked at this often for headers that do not arrive. */
const LONGEST_CHECKING_INTERVAL_MS = 30_000;

/** What of the limits Node.js keeps itself. Tokens for many repositories do not fit into its own 16 KiB of headers. */
export function serverOptions({ headertimeout, headersize }: LimitsConfig) {
  return {
    headersTimeout: headertimeout,
    maxHeaderSize: headersize,
    connectionsCheckingInterval: Math.min(LONGEST_CHECKING_INTERVAL_MS, headertimeout / 2),
  };
}

/** Bounds what clients can make a server hold, and for how long. Before it listens. */
export function limitServer(
  { http, http2, connections }: LimitedServer,
  limits: LimitsConfig,
): void {
  http.timeout = limits.idletimeout;
  // One more than are taken: older Node.js drops the rest in silence, and without a header a request may mean another.
  http.maxHeadersCount = limits.headers + 1;
  limitConnections({ http, http2, connections }, limits);
  limitSlowness(http, limits);
  refuseMalformed(http, connections);
}
