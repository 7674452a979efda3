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

export interface ReverseProxyOptions {
  /** The Unix socket on which the registry listens. */
  readonly socketPath: string;
  /** What `/v2/` of the client becomes begins with it. Default: nothing. */
  readonly prefix?: string | undefined;
  /** Whether the registry is told of the client's host and scheme, in `X-Forwarded-Host` and `-Proto`. Default `false`. */
  readonly forwards?: boolean | undefined;
  /**
   * Whether the prefix is cut off the URLs of answers. A `Location` or `Link` without it is then an error of the registry: the
   * client gets 502. Default `false`.
   */
  readonly mapsAnswers?: boolean | undefined;
}

/** The name that the registry sees. No client can reach it, so a URL with it is found out. */
const INNER_HOST = 'registry.invalid';

/** Headers that concern one connection. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade'];

/** A reverse proxy on a port of the loopback interface, in front of a registry that sees another `Host` than its client named. */
export class ReverseProxy implements AsyncDisposable {
  readonly #options: ReverseProxyOptions;
  readonly #server: Server;
  // With a connection for each request, Node.js as a client can meet the end of the connection before it reads the answer.
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(options: ReverseProxyOptions) {
    this.#options = options;
    this.#server = createServer((incoming, outgoing) => void this.#answer(incoming, outgoing));
  }

  /** Listens on a free port. The registry need not be there yet: until it is, requests are answered with 502. */
  static async start(options: ReverseProxyOptions): Promise<ReverseProxy> {
    const proxy = new ReverseProxy(options);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
    this.#agent.destroy();
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      const answer = await this.#ask(incoming);
      outgoing.writeHead(answer.statusCode ?? 502, this.#answerHeaders(answer));
      await pipeline(answer, outgoing);
    } catch (error) {
      if (!outgoing.headersSent) outgoing.writeHead(502).end(`${String(error)}\n`);
      else outgoing.destroy();
    }
  }

  async #ask(incoming: IncomingMessage): Promise<IncomingMessage> {
    const { socketPath, prefix = '' } = this.#options;
    const { method, url = '/' } = incoming;
    const asked = httpRequest({
      socketPath,
      method,
      path: prefix + url,
      headers: this.#requestHeaders(incoming),
      agent: this.#agent,
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve).once('error', reject);
    });
    // A registry may answer before it has read everything; what counts is its answer.
    pipeline(incoming, asked).catch(() => {});
    return answered;
  }

  #requestHeaders({ headers }: IncomingMessage): OutgoingHttpHeaders {
    const forwarded = { 'x-forwarded-host': headers.host, 'x-forwarded-proto': 'http' };
    const kept = withoutHopByHop(headers);
    return { ...kept, host: INNER_HOST, ...(this.#options.forwards ? forwarded : {}) };
  }

  #answerHeaders({ headersDistinct }: IncomingMessage): OutgoingHttpHeaders {
    const headers = withoutHopByHop(headersDistinct);
    const { prefix, mapsAnswers = false } = this.#options;
    if (prefix === undefined || !mapsAnswers) return headers;
    return {
      ...headers,
      ...mapped(headers, 'location', (url) => withoutPrefix(url, prefix)),
      ...mapped(headers, 'link', (link) =>
        link.replace(/<([^>]*)>/, (_, url: string) => `<${withoutPrefix(url, prefix)}>`),
      ),
    };
  }
}

function withoutHopByHop(headers: NodeJS.Dict<string | string[]>): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}

function mapped(
  headers: OutgoingHttpHeaders,
  name: string,
  map: (value: string) => string,
): OutgoingHttpHeaders {
  const values = headers[name];
  return Array.isArray(values) ? { [name]: values.map(map) } : {};
}

/** @throws Error when the path of the URL does not begin with the prefix. */
function withoutPrefix(url: string, prefix: string): string {
  const origin = /^https?:\/\/[^/]*/.exec(url)?.[0] ?? '';
  const path = url.slice(origin.length);
  if (!path.startsWith(`${prefix}/`)) throw new Error(`the registry names ${url}, not ${prefix}/…`);
  return origin + path.slice(prefix.length);
}
