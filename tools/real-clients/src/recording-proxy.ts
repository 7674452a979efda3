import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/** Stands before a registry and keeps the manifests that clients push through it. */
export class RecordingProxy implements AsyncDisposable {
  /** What was pushed last, by path. */
  readonly manifests = new Map<string, Buffer>();
  readonly #port: number;
  readonly #server: Server;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((request, response) => {
      this.#pass(request, response).catch(() => response.destroy());
    });
  }

  /** @param port Where the registry listens. */
  static async before(port: number): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** With its port, as clients name it. */
  get host(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it does not listen');
    return `127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '', headers } = request;
    const target = { host: '127.0.0.1', port: this.#port, method, path: url, headers };
    const outgoing = httpRequest(target);
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    if (method === 'PUT' && url.includes('/manifests/')) {
      const body = await buffer(request);
      this.manifests.set(url, body);
      outgoing.end(body);
    } else {
      await pipeline(request, outgoing);
    }
    const [incoming] = await answered;
    response.writeHead(incoming.statusCode ?? 502, incoming.headers);
    await pipeline(incoming, response);
  }
}
