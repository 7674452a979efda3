import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const BLOB_SIZE = 20 * 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024);
const CHUNK_EVERY_MS = 125;

/** A registry that has every blob and sends it slowly; tags it lists at once. */
export class SlowUpstream implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<SlowUpstream> {
    const server = createServer(({ url = '' }, response) => {
      if (url.includes('/blobs/')) sendSlowly(response);
      else
        response.setHeader('content-type', 'application/json').end('{"name":"app","tags":["a"]}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SlowUpstream(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

function sendSlowly(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': BLOB_SIZE });
  let left = BLOB_SIZE;
  const timer = setInterval(() => {
    left -= CHUNK.length;
    response.write(CHUNK);
    if (left > 0) return;
    response.end();
    clearInterval(timer);
  }, CHUNK_EVERY_MS);
  response.once('close', () => clearInterval(timer));
}
