import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import type { Connections } from '../connections.ts';
import { onSession } from '../on-session.ts';
import { acceptedEvent } from '../take-over.ts';

export interface ConnectionLimits {
  /** 0 is no limit. */
  readonly connections: number;
  /** Of one address. 0 is no limit. */
  readonly connectionsperclient: number;
}

export interface LimitedServer {
  readonly http: Server;
  /** Speaks HTTP/2 on connections of `http`, if anything does. */
  readonly http2: Http2Server | undefined;
  readonly connections: Connections;
}

/**
 * Bounds the connections of a server. When there are too many, the one goes that has been without a request for longest:
 * who holds connections and does not use them cannot keep others out, nor can who never finishes a handshake. When all
 * are in use, the newest goes.
 */
export function limitConnections(
  { http, http2, connections: tracked }: LimitedServer,
  limits: ConnectionLimits,
): void {
  const idle = new IdleConnections();
  const perClient = new Map<string, number>();
  let open = 0;

  // Before TLS: a handshake that is never finished is a connection, too.
  http.on('connection', (socket) => {
    const { remoteAddress = '' } = socket;
    const ofClient = (perClient.get(remoteAddress) ?? 0) + 1;
    const { connections, connectionsperclient } = limits;
    if (connectionsperclient > 0 && ofClient > connectionsperclient) return void socket.destroy();
    perClient.set(remoteAddress, ofClient);
    open++;
    socket.once('close', () => {
      open--;
      if (perClient.get(remoteAddress) === 1) perClient.delete(remoteAddress);
      else perClient.set(remoteAddress, perClient.get(remoteAddress)! - 1);
    });
    if (connections === 0 || open <= connections) return;
    (idle.longest ?? tracked.longestHandshake ?? socket).destroy();
  });
  http.on(acceptedEvent(http), (socket: Socket) => idle.add(socket));
  http.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.httpVersionMajor === 2) return;
    const { socket } = request;
    idle.begin(socket);
    response.once('close', () => idle.end(socket));
  });
  if (http2 === undefined) return;
  onSession(http2, (session, connection) =>
    session.on('stream', (stream) => {
      idle.begin(connection);
      stream.once('close', () => idle.end(connection));
    }),
  );
}

/** Connections without a request. */
class IdleConnections {
  /** Those that have been so for longest first. */
  readonly #idle = new Set<Socket>();
  /** How many requests the others have. */
  readonly #running = new WeakMap<Socket, number>();

  get longest(): Socket | undefined {
    const [first] = this.#idle;
    return first;
  }

  add(socket: Socket): void {
    if (socket.destroyed) return;
    this.#idle.add(socket);
    socket.once('close', () => this.#idle.delete(socket));
  }

  begin(socket: Socket): void {
    this.#idle.delete(socket);
    this.#running.set(socket, (this.#running.get(socket) ?? 0) + 1);
  }

  end(socket: Socket): void {
    const left = this.#running.get(socket)! - 1;
    this.#running.set(socket, left);
    if (left === 0 && !socket.destroyed) this.#idle.add(socket);
  }
}
