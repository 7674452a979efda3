import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import { Handshakes } from './handshakes.ts';
import { Http2Sessions } from './http2-sessions.ts';
import { LingeringConnections } from './lingering.ts';
import { acceptedEvent } from './take-over.ts';

/** A connection that has just been accepted has this time for its first request when the server stops. */
const FIRST_REQUEST_MS = 2_000;

/** Under a flood of connections there is always another one. */
const MAXIMUM_ACCEPTING_TURNS = 1_000;

/** The connections of a server, and how they end. */
export class Connections {
  readonly #server: Server;
  /** Those that speak HTTP/1.1, each with the answers that are not over. */
  readonly #open = new Map<Socket, Set<ServerResponse>>();
  /** When each connection was accepted, until its first request. */
  readonly #unused = new Map<Socket, number>();
  readonly #handshakes: Handshakes;
  readonly #sessions: Http2Sessions | undefined;
  readonly #lingering = new LingeringConnections();
  #draining: Promise<boolean> | undefined;
  #isRetiring = false;
  #accepted = 0;

  /** @param http2 What speaks HTTP/2 on connections of the server, if anything does. */
  constructor(server: Server, http2?: Http2Server) {
    this.#server = server;
    this.#handshakes = new Handshakes(server);
    server.prependListener(acceptedEvent(server), (socket: Socket) => this.#track(socket));
    this.#sessions = http2 && new Http2Sessions(server, http2);
    http2?.prependListener('connection', (socket) => this.#forget(socket));
    server.on('connection', () => this.#accepted++);
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
   * Tells clients to send further requests elsewhere: answers close their connection, sessions of HTTP/2 say GOAWAY.
   * Connections and requests are still accepted.
   */
  retire(): void {
    if (this.#isRetiring) return;
    this.#isRetiring = true;
    for (const answers of this.#open.values()) announceEnd(answers);
    this.#sessions?.retire();
  }

  /**
   * Stops accepting, ends connections that carry no request, lets the others finish, and ends those that have not when
   * the time is over. A connection that has just been accepted gets time for a first request. Answers end their
   * connections, as with `retire`; in HTTP/2, the client learns which of its requests will be answered. A second call waits for the first.
   *
   * @param timeoutMs 0 ends everything at once.
   * @returns Whether every request was finished.
   */
  drain(timeoutMs: number): Promise<boolean> {
    this.#draining ??= this.#drain(timeoutMs);
    return this.#draining;
  }

  async #drain(timeoutMs: number): Promise<boolean> {
    this.retire();
    if (timeoutMs > 0) await this.#acceptWaiting();
    // `close` of Node.js also ends connections without a request.
    this.#server.closeIdleConnections = () => {};
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const newest = performance.now() - FIRST_REQUEST_MS;
    this.#sessions?.drain(newest);
    for (const [socket, answers] of this.#open) {
      if ((this.#unused.get(socket) ?? -Infinity) <= newest) closeWhenDone(socket, answers);
    }
    let isClean = true;
    const endAll = () => {
      isClean = this.running === 0;
      for (const socket of this.#open.keys()) socket.destroy();
      this.#handshakes.endAll();
      this.#sessions?.endAll();
    };
    if (timeoutMs === 0) endAll();
    const timers = [
      setTimeout(() => this.#endUnused(), Math.min(FIRST_REQUEST_MS, timeoutMs)),
      setTimeout(endAll, timeoutMs),
    ];
    await closed;
    timers.forEach(clearTimeout);
    return isClean;
  }

  /**
   * Accepts the connections that wait in the system: it resets them when the server stops listening. Node.js accepts one
   * in each turn.
   */
  async #acceptWaiting(): Promise<void> {
    let [turns, idle] = [0, 0];
    while (idle < 2 && turns < MAXIMUM_ACCEPTING_TURNS) {
      const before = this.#accepted;
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
      idle = this.#accepted === before ? idle + 1 : 0;
    }
  }

  #endUnused(): void {
    this.#handshakes.endAll();
    for (const socket of this.#unused.keys()) socket.destroySoon();
    this.#sessions?.endUnused();
  }

  #track(socket: Socket): void {
    this.#open.set(socket, new Set());
    this.#unused.set(socket, performance.now());
    socket.once('close', () => this.#forget(socket));
  }

  #forget(socket: Socket): void {
    this.#open.delete(socket);
    this.#unused.delete(socket);
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    if (request.httpVersionMajor === 2) return this.#sessions?.begin(request, response);
    const { socket } = request;
    this.#lingering.follow(request);
    const answers = this.#open.get(socket);
    if (answers === undefined) return;
    answers.add(response);
    this.#unused.delete(socket);
    if (this.#isRetiring) response.setHeader('Connection', 'close');
    response.once('close', () => {
      answers.delete(response);
      if (this.#draining !== undefined) closeWhenDone(socket, answers);
    });
  }

  /** The client has sent everything and waits for us: a large commit makes no noise on the line. */
  #isOurTurn(socket: Socket): boolean {
    const answers = [...(this.#open.get(socket) ?? [])];
    return answers.some(({ req, headersSent }) => req.complete && !headersSent);
  }
}

function closeWhenDone(socket: Socket, answers: ReadonlySet<ServerResponse>): void {
  if (answers.size === 0) socket.destroySoon();
  else announceEnd(answers);
}

function announceEnd(answers: ReadonlySet<ServerResponse>): void {
  for (const response of answers) {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  }
}
