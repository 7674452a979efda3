import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server, and how they end. */
export class Connections {
  readonly #server: Server;
  /** Each with the answers that are not over. */
  readonly #open = new Map<Socket, Set<ServerResponse>>();
  #draining: Promise<boolean> | undefined;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#track(socket));
    server.prependListener('request', (request, response) => this.#begin(request, response));
    server.on('timeout', (socket) => {
      if (!this.#isOurTurn(socket)) socket.destroy();
    });
  }

  /** How many requests are being answered. */
  get running(): number {
    return [...this.#open.values()].reduce((sum, answers) => sum + answers.size, 0);
  }

  /**
   * Stops accepting, ends connections that carry no request, lets the others finish, and ends those that have not when
   * the time is over. Answers that begin meanwhile close their connection. A second call waits for the first.
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
    for (const [socket, answers] of this.#open) this.#closeWhenDone(socket, answers);
    let isClean = true;
    const endAll = () => {
      isClean = this.running === 0;
      for (const socket of this.#open.keys()) socket.destroy();
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

  #begin({ socket }: IncomingMessage, response: ServerResponse): void {
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
