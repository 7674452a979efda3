import { parseTcpAddress } from './listen-address.ts';
import { flag, section, text } from './values.ts';

/** The debug server. */
export const debug = section({
  /** `host:port`, or `:port` for every interface. No debug server when absent. */
  addr: text('an address').optional(),
  prometheus: section({
    enabled: flag(false),
    /** Where metrics are. Default `/metrics`. */
    path: text()
      .regex(/^\/[A-Za-z0-9._~/-]+$/, { error: 'a path such as /metrics' })
      .default('/metrics'),
  }).prefault({}),
})
  .refine(({ addr }) => addr === undefined || parseTcpAddress(addr) !== undefined, {
    path: ['addr'],
    error: 'host:port, :port or [ipv6]:port with a port up to 65535',
  })
  .transform(({ addr, prometheus }) => ({
    listen: addr === undefined ? undefined : parseTcpAddress(addr),
    prometheus,
  }));
