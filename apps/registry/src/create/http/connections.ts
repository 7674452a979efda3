import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import { Handshakes } from './handshakes.ts';
import { Http2Sessions } from './http2-sessions.ts';
import { LingeringConnections } from './lingering.ts';
import { acceptedEvent } from './take-over.ts';

/** The connections of a server, and how they end. */
export class Connections {
  readonly #server: Server;
  /** Those that speak HTTP/1.1, each with the answers that are not over. */
  readonly #open = new Map<Socket, Set<ServerResponse>>();
  readonly #handshakes: Handshakes;
  readonly #sessions: Http2Sessions | undefined;
  readonly #lingering = new LingeringConnections();
  #draining: Promise<boolean> | undefined;

  /** @param http2 What speaks HTTP/2 on connections of the server, if anything does. */
  constructor(server: Server, http2?: Http2Server) {
    this.#server = server;
    this.#handshakes = new Handshakes(server);
    server.prependListener(acceptedEvent(server), (socket: Socket) => this.#track(socket));
    this.#sessions = http2 && new Http2Sessions(server, http2);
    http2?.prependListener('connection', (socket) => this.#open.delete(socket));
    server.prependListener('request', (request, response) => this.#begin(request, response));
    server.on('timeout', (socket) => {
      if (!this.#isOurTurn(socket)) socket.destroy();
    });
  }

  /** How many requests are being answered. */
  get running(): number {
    const answers = [...this.#open.values()].reduce((sum, { size }) => sum + size, 0);
    return answers + (this.#sessions?.running ?? 0);
  }

  /** Of those of which TLS has made nothing yet. */
  get longestHandshake(): Socket | undefined {
    return this.#handshakes.longest;
  }

  /** Ends a connection whose client may be sending, so that the client gets what is written. */
  linger(socket: Socket): void {
    this.#lingering.end(socket);
  }

  /** How many requests are being answered on one connection. */
  runningOn(socket: Socket): number {
    return this.#open.get(socket)?.size ?? 0;
  }

  /**
   * Stops accepting, ends connections that carry no request, lets the others finish, and ends those that have not when
   * the time is over. Answers that begin meanwhile close their connection; in HTTP/2, the client learns which of its
   * requests will be answered (GOAWAY). A second call waits for the first.
   *
   * @param timeoutMs 0 ends everything at once.
   * @returns Whether every request was finished.
   */
  drain(timeoutMs: number): Promise<boolean> {
    this.#draining ??= this.#drain(timeoutMs);
    return this.#draining;
  }

  async #drain(timeoutMs: number): Promise<boolean> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#handshakes.endAll();
    this.#sessions?.drain();
    for (const [socket, answers] of this.#open) this.#closeWhenDone(socket, answers);
    let isClean = true;
    const endAll = () => {
      isClean = this.running === 0;
      for (const socket of this.#open.keys()) socket.destroy();
      this.#handshakes.endAll();
      this.#sessions?.endAll();
    };
    if (timeoutMs === 0) endAll();
    const timer = setTimeout(endAll, timeoutMs);
    await closed;
    clearTimeout(timer);
    return isClean;
  }

  #track(socket: Socket): void {
    this.#open.set(socket, new Set());
    socket.once('close', () => this.#open.delete(socket));
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    if (request.httpVersionMajor === 2) return this.#sessions?.begin(request, response);
    const { socket } = request;
    this.#lingering.follow(request);
    const answers = this.#open.get(socket);
    if (answers === undefined) return;
    answers.add(response);
    if (this.#draining !== undefined) response.setHeader('Connection', 'close');
    response.once('close', () => {
      answers.delete(response);
      if (this.#draining !== undefined) this.#closeWhenDone(socket, answers);
    });
  }

  #closeWhenDone(socket: Socket, answers: ReadonlySet<ServerResponse>): void {
    if (answers.size === 0) return socket.destroySoon();
    for (const response of answers) {
      if (!response.headersSent) response.setHeader('Connection', 'close');
    }
  }

  /** The client has sent everything and waits for us: a large commit makes no noise on the line. */
  #isOurTurn(socket: Socket): boolean {
    const answers = [...(this.#open.get(socket) ?? [])];
    return answers.some(({ req, headersSent }) => req.complete && !headersSent);
  }
}
