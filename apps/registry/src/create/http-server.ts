import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Config } from '../config/schema.ts';
import { describeError } from '../observe/describe-error.ts';
import type { Logger } from '../observe/logger.ts';
import { Connections } from './connections.ts';
import { limitServer, serverOptions } from './limits/limit-server.ts';
import { serveHttp2 } from './serve-http2.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Node's defaults are for small requests of browsers; a registry moves gigabytes for slow clients and proxies. */
const OPTIONS: ServerOptions = {
  // A push of a large blob may take hours. A client that stands still is what `http.limits` is for.
  requestTimeout: 0,
  // Longer than the 60 s of usual proxies, so that it is never us who close a connection they are about to use.
  keepAliveTimeout: 75 * SECOND,
  // Bytes held for each connection and direction before its source is paused: what one read of a socket gives. More
  // was measured not to be faster, and a thousand connections would pay for it.
  highWaterMark: 64 * 1024,
  // Small answers leave at once.
  noDelay: true,
  // Finds peers that vanished without a word; distribution's three minutes.
  keepAlive: true,
  keepAliveInitialDelay: 3 * MINUTE,
};

export interface HttpServer {
  /** Listens, accepts connections and emits every request, of HTTP/2 as well. */
  readonly http: Server;
  readonly connections: Connections;
}

export interface HttpServerParts {
  readonly handle: RequestListener;
  readonly logger: Logger;
}

/** The server that the `http` section describes. It does not listen yet. */
export function createHttpServer(
  { h2c, limits }: Config['http'],
  { handle, logger }: HttpServerParts,
): HttpServer {
  const http = createServer({ ...OPTIONS, ...serverOptions(limits) }, handle);
  // Too many open files, for one: the next client may be luckier. Failing to listen at all is told by `listen`.
  http.on('error', (error) => {
    if (http.listening) logger.error('cannot accept a connection', describeError(error));
  });
  const http2 = h2c.enabled ? serveHttp2(http) : undefined;
  const connections = new Connections(http, http2);
  limitServer({ http, http2, connections }, limits);
  return { http, connections };
}
