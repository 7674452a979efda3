import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream/promises';

/** Where a request goes, by `port` or `socketPath`, and what is said there otherwise than the client did. */
export type Route = Pick<RequestOptions, 'port' | 'socketPath' | 'path'> & {
  readonly headers: OutgoingHttpHeaders;
};

export interface ForwarderOptions {
  /** @param request Its method and path as the client sent them. */
  readonly route: (request: IncomingMessage, headers: OutgoingHttpHeaders) => Route;
  /** What the client gets to see of the headers of an answer. Default: all of them. A throw makes it a 502. */
  readonly answer?: (headers: OutgoingHttpHeaders, route: Route) => OutgoingHttpHeaders;
  /** Told of every answer when its headers are there; of a 502 when there was none. */
  readonly onAnswer?: (request: IncomingMessage, route: Route, status: number) => void;
}

/** Headers that concern one connection. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade'];

/**
 * Stands on a free port of the loopback interface between clients and servers, and streams both ways. Headers of one
 * connection are not handed on; those that come several times stay several.
 */
export class Forwarder implements AsyncDisposable {
  readonly #options: ForwarderOptions;
  readonly #server: Server;
  // With a connection for each request, Node.js as a client can meet the end of the connection before it reads the answer.
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#server = createServer((incoming, outgoing) => void this.#forward(incoming, outgoing));
  }

  /** Servers need not be there yet: until they are, requests are answered with 502. */
  static async start(options: ForwarderOptions): Promise<Forwarder> {
    const forwarder = new Forwarder(options);
    forwarder.#server.listen(0, '127.0.0.1');
    await once(forwarder.#server, 'listening');
    return forwarder;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the forwarder is closed');
    return address.port;
  }

  /** With its port, as clients name it. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
    this.#agent.destroy();
  }

  async #forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { route: choose, answer: change = (headers) => headers, onAnswer } = this.#options;
    const route = choose(incoming, withoutHopByHop(incoming.headers));
    try {
      const answer = await this.#ask(incoming, route);
      const { statusCode: status = 502, headersDistinct } = answer;
      const headers = change(withoutHopByHop(headersDistinct), route);
      onAnswer?.(incoming, route, status);
      outgoing.writeHead(status, headers);
      await pipeline(answer, outgoing);
    } catch (error) {
      if (outgoing.headersSent) return void outgoing.destroy();
      onAnswer?.(incoming, route, 502);
      outgoing.writeHead(502).end(`${String(error)}\n`);
    }
  }

  async #ask(incoming: IncomingMessage, route: Route): Promise<IncomingMessage> {
    const { method, url: path } = incoming;
    const asked = httpRequest({ host: '127.0.0.1', method, path, ...route, agent: this.#agent });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve).once('error', reject);
    });
    // A server may answer before it has read everything; what counts is its answer.
    pipeline(incoming, asked).catch(() => {});
    return answered;
  }
}

function withoutHopByHop(headers: NodeJS.Dict<string | string[]>): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
