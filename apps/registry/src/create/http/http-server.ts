import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Config } from '../../config/schema.ts';
import { describeError } from '../../observe/describe-error.ts';
import type { Logger } from '../../observe/logger.ts';
import { checkClients } from './client-certificates.ts';
import { Connections } from './connections.ts';
import { ClientAddresses } from './limits/client-addresses.ts';
import { limitServer, serverOptions } from './limits/limit-server.ts';
import { UntakenAnswers } from './limits/untaken-answers.ts';
import type { Reloadable } from '../reloadable.ts';
import { LingeringRequest } from './lingering.ts';
import { ProtectedResponse } from './protected-response.ts';
import { serveHttp2 } from './serve-http2.ts';
import { createTlsServer } from './tls-server.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Node's defaults are for small requests of browsers; a registry moves gigabytes for slow clients and proxies. */
const OPTIONS: ServerOptions = {
  IncomingMessage: LingeringRequest,
  ServerResponse: ProtectedResponse,
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
  readonly reloadable: readonly Reloadable[];
  /**
   * Ends the connections as `Connections.drain` does.
   *
   * @returns Whether every request was finished.
   */
  close(timeoutMs: number): Promise<boolean>;
}

export interface HttpServerParts {
  /** Returns when the answer is complete, whether the client has taken it or not. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;
  readonly logger: Logger;
}

/**
 * The server that the `http` section describes. It does not listen yet.
 *
 * @throws StartError when its certificates cannot be used.
 */
export async function createHttpServer(
  config: Config['http'],
  { handle, logger }: HttpServerParts,
): Promise<HttpServer> {
  const { tls, limits } = config;
  const options = { ...OPTIONS, ...serverOptions(limits) };
  const offersHttp2 = tls === undefined ? config.h2c.enabled : !config.http2.disabled;
  const { http, followed } =
    tls === undefined
      ? { http: createServer(options) }
      : await createTlsServer({ config: tls, offersHttp2, http1: options }, logger);
  // Too many open files, for one: the next client may be luckier. Failing to listen at all is told by `listen`.
  http.on('error', (error) => {
    if (http.listening) logger.error('cannot accept a connection', describeError(error));
  });
  const untaken = new UntakenAnswers(limits, new ClientAddresses(limits.trustedproxies));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    await handle(request, response);
    untaken.add(request, response);
  };
  http.on('request', (request, response) => void answer(request, response));
  const http2 = offersHttp2 ? serveHttp2(http, limits) : undefined;
  if (tls !== undefined) checkClients(http, tls);
  const connections = new Connections(http, http2);
  limitServer({ http, http2, connections }, limits);
  return {
    http,
    connections,
    reloadable: followed === undefined ? [] : [followed],
    close(timeoutMs) {
      followed?.[Symbol.dispose]();
      return connections.drain(timeoutMs);
    },
  };
}
