import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream/promises';

/** A request that went through, and its answer. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Of the server that it went to. */
  readonly port: number;
  readonly status: number;
}

export interface RelayOptions {
  /** Where the servers listen, on the loopback interface. */
  readonly ports: readonly number[];
  /**
   * Whether the server sees its own address in `Host`; its `Location` is then turned back. Default `false`: it sees what
   * the client named.
   */
  readonly renamesHost?: boolean | undefined;
}

/** Headers that concern one connection. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade'];

/**
 * Passes each request to the next server in turn, whatever connection it came on, streams both ways, and remembers what
 * went through.
 */
export class Relay implements AsyncDisposable {
  /** In the order of the answers. */
  readonly exchanges: Exchange[] = [];
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #turn = 0;

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = createServer((incoming, outgoing) => void this.#pass(incoming, outgoing));
  }

  /** Listens on a free port. */
  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay is closed');
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

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url: path = '/' } = incoming;
    const port = this.#nextPort();
    try {
      const answer = await this.#ask(incoming, port);
      const { statusCode: status = 502 } = answer;
      this.exchanges.push({ method, path, port, status });
      outgoing.writeHead(status, this.#answerHeaders(answer, port));
      await pipeline(answer, outgoing);
    } catch (error) {
      if (outgoing.headersSent) return void outgoing.destroy();
      this.exchanges.push({ method, path, port, status: 502 });
      outgoing.writeHead(502).end(`${String(error)}\n`);
    }
  }

  #nextPort(): number {
    const { ports } = this.#options;
    const port = ports[this.#turn++ % ports.length];
    if (port === undefined) throw new Error('a relay without servers');
    return port;
  }

  async #ask(incoming: IncomingMessage, port: number): Promise<IncomingMessage> {
    const { method, url: path, headers } = incoming;
    const host = this.#options.renamesHost ? { host: `127.0.0.1:${port}` } : {};
    const asked = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { ...withoutHopByHop(headers), ...host },
      agent: this.#agent,
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve).once('error', reject);
    });
    // A server may answer before it has read everything; what counts is its answer.
    pipeline(incoming, asked).catch(() => {});
    return answered;
  }

  #answerHeaders({ headersDistinct }: IncomingMessage, port: number): OutgoingHttpHeaders {
    const headers = withoutHopByHop(headersDistinct);
    const { location } = headersDistinct;
    if (!this.#options.renamesHost || location === undefined) return headers;
    const own = `http://127.0.0.1:${port}/`;
    return {
      ...headers,
      location: location.join().replace(own, `http://${this.host}/`),
    };
  }
}

function withoutHopByHop(headers: NodeJS.Dict<string | string[]>): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}
