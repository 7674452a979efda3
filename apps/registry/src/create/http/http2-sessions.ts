import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { constants, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { resetStream, streamOf } from './counted-http2.ts';
import { onSession } from './on-session.ts';
import { progressOf } from './progress-of.ts';

/** The connections that speak HTTP/2, each a session with a stream for every request. */
export class Http2Sessions {
  readonly #server: Server;
  readonly #open = new Map<ServerHttp2Session, Socket>();
  /** The requests that are not over. */
  readonly #running = new Set<IncomingMessage>();
  /** When each session began, until its first request. */
  readonly #unused = new Map<ServerHttp2Session, number>();
  #isRetiring = false;
  #isDraining = false;

  /** @param server What accepts the connections; its timeouts count for them. */
  constructor(server: Server, http2: Http2Server) {
    this.#server = server;
    onSession(http2, (session, connection) => this.#track(session, connection));
  }

  /** How many requests are being answered. */
  get running(): number {
    return this.#running.size;
  }

  begin(request: IncomingMessage, response: ServerResponse): void {
    this.#running.add(request);
    response.once('close', () => this.#running.delete(request));
    // A client that says something on other streams does not keep this one.
    const stream = streamOf(request)!;
    const { timeout } = this.#server;
    let wasOurTurn = false;
    stream.setTimeout(timeout);
    stream.on('timeout', () => {
      const isNow = isOurTurn(request, response);
      // Its turn may just have come.
      if (!isNow && !wasOurTurn) return resetStream(stream);
      wasOurTurn = isNow;
      stream.setTimeout(timeout);
    });
  }

  /** Tells clients to send further requests elsewhere. Those that they send nevertheless are answered. */
  retire(): void {
    this.#isRetiring = true;
    for (const session of this.#open.keys()) if (!this.#unused.has(session)) announceEnd(session);
  }

  /**
   * Takes no further requests: GOAWAY names those that the client has to send elsewhere. Running ones continue, and
   * sessions that are newer than a given time can send their first request.
   */
  drain(newest: number): void {
    this.#isDraining = true;
    for (const session of this.#open.keys()) {
      if ((this.#unused.get(session) ?? -Infinity) <= newest) session.close();
    }
  }

  /** Ends sessions that have had no request. */
  endUnused(): void {
    for (const session of this.#unused.keys()) session.close();
  }

  endAll(): void {
    for (const socket of this.#open.values()) socket.destroy();
  }

  #track(session: ServerHttp2Session, socket: Socket): void {
    this.#open.set(session, socket);
    session.setTimeout(this.#server.timeout);
    session.on('timeout', () => this.#endIdle(session, socket));
    // As in HTTP/1.1, whose connections Node.js looks at itself.
    const late = setTimeout(() => socket.destroy(), this.#server.headersTimeout);
    this.#unused.set(session, performance.now());
    session.once('stream', () => {
      clearTimeout(late);
      this.#unused.delete(session);
      if (this.#isDraining) session.close();
      else if (this.#isRetiring) announceEnd(session);
    });
    // A session that is over waits for the client to close the connection, too.
    socket.once('finish', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(late);
      this.#open.delete(session);
      this.#unused.delete(session);
    });
  }

  /** Nothing was sent and nothing came, on any stream. Each of them has its time. */
  #endIdle(session: ServerHttp2Session, socket: Socket): void {
    const { timeout } = this.#server;
    if ([...this.#running].some((request) => streamOf(request)?.session === session)) {
      session.setTimeout(timeout);
    } else {
      session.close();
      // Who reads nothing does not read that it is over, either.
      socket.setTimeout(timeout, () => socket.destroy());
    }
  }
}

/** No request is excluded: one that is on its way is answered. RFC 9113, section 6.8. */
function announceEnd(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR, MAXIMUM_STREAM_ID);
}

const MAXIMUM_STREAM_ID = 2 ** 31 - 1;

/** The client waits for us: a large commit makes no noise on the line. */
function isOurTurn(request: IncomingMessage, response: ServerResponse): boolean {
  return progressOf(request, response).turn === 'ours';
}
