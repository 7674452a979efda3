import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  constants,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { onSession } from './on-session.ts';

/** The connections that speak HTTP/2, each a session with a stream for every request. */
export class Http2Sessions {
  readonly #server: Server;
  readonly #open = new Map<ServerHttp2Session, Socket>();
  readonly #running = new Set<ServerHttp2Stream>();
  #isDraining = false;

  /** @param server What accepts the connections; its `timeout` counts for them. */
  constructor(server: Server, http2: Http2Server) {
    this.#server = server;
    onSession(http2, (session, connection) => this.#track(session, connection));
  }

  /** How many requests are being answered. */
  get running(): number {
    return this.#running.size;
  }

  begin(request: IncomingMessage, response: ServerResponse): void {
    const { stream } = request as unknown as { readonly stream: ServerHttp2Stream };
    this.#running.add(stream);
    response.once('close', () => this.#running.delete(stream));
    // A client that says something on other streams does not keep this one.
    stream.setTimeout(this.#server.timeout);
    stream.on('timeout', () => {
      if (!isOurTurn(stream)) stream.close(constants.NGHTTP2_CANCEL);
    });
  }

  /** Takes no further requests: the client is told which it has to send elsewhere. Running ones go on. */
  drain(): void {
    this.#isDraining = true;
    for (const session of this.#open.keys()) session.close();
  }

  endAll(): void {
    for (const socket of this.#open.values()) socket.destroy();
  }

  #track(session: ServerHttp2Session, socket: Socket): void {
    this.#open.set(session, socket);
    session.setTimeout(this.#server.timeout);
    session.on('timeout', () => this.#endIdle(session));
    // A session that is over waits for the client to close the connection, too.
    socket.once('finish', () => socket.destroy());
    socket.once('close', () => this.#open.delete(session));
    if (this.#isDraining) session.close();
  }

  /** Nothing was sent and nothing came, on any stream. */
  #endIdle(session: ServerHttp2Session): void {
    const streams = [...this.#running].filter((stream) => stream.session === session);
    if (streams.length === 0) session.close();
    else if (!streams.some(isOurTurn)) session.destroy();
  }
}

/** The client has sent everything and waits for us: a large commit makes no noise on the line. */
function isOurTurn({ state, headersSent }: ServerHttp2Stream): boolean {
  return state.remoteClose === 1 && !headersSent;
}
