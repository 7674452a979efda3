import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Node's defaults are for small requests of browsers; a registry moves gigabytes for slow clients and proxies. */
const OPTIONS: ServerOptions = {
  // A push of a large blob may take hours. A client that stands still is what IDLE_TIMEOUT_MS is for.
  requestTimeout: 0,
  // Headers are small: who needs longer for them holds a connection without purpose.
  headersTimeout: MINUTE,
  // Longer than the 60 s of usual proxies, so that it is never us who close a connection they are about to use.
  keepAliveTimeout: 75 * SECOND,
  // Bearer tokens for many repositories do not fit into Node's 16 KiB.
  maxHeaderSize: 64 * 1024,
  // Bytes held for each connection and direction before its source is paused: what one read of a socket gives. More
  // was measured not to be faster, and a thousand connections would pay for it.
  highWaterMark: 64 * 1024,
  // Small answers leave at once.
  noDelay: true,
  // Finds peers that vanished without a word; distribution's three minutes.
  keepAlive: true,
  keepAliveInitialDelay: 3 * MINUTE,
};

/** How long a connection may stand still while it is the client's turn. */
const IDLE_TIMEOUT_MS = 2 * MINUTE;

export function createHttpServer(handle: RequestListener): Server {
  const server = createServer(OPTIONS, handle);
  server.timeout = IDLE_TIMEOUT_MS;
  return server;
}
