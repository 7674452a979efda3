import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

/** One notification as it came in. */
export interface Notification {
  readonly method: string;
  readonly contentType: string | undefined;
  /** The text of the envelope. */
  readonly body: string;
}

/** Long enough for a slow machine under load. */
const ARRIVAL_LIMIT_MS = 30_000;

/** An endpoint that registries send their notifications to: takes every one, and keeps them in the order of arrival. */
export class EventEndpoint implements AsyncDisposable {
  readonly notifications: Notification[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      // A registry that ends in the middle of a notification sent none.
      this.#take(request, response).catch(() => response.destroy());
    });
  }

  static async listen(): Promise<EventEndpoint> {
    const endpoint = new EventEndpoint();
    endpoint.#server.listen(0, '127.0.0.1');
    await once(endpoint.#server, 'listening');
    return endpoint;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it does not listen');
    return `http://127.0.0.1:${address.port}/events`;
  }

  /**
   * Waits until a notification with this text in it has arrived.
   *
   * @returns All that arrived before it.
   * @throws Error after 30 seconds, with what did arrive.
   */
  async until(part: string): Promise<readonly Notification[]> {
    const limit = performance.now() + ARRIVAL_LIMIT_MS;
    while (performance.now() < limit) {
      const index = this.notifications.findIndex(({ body }) => body.includes(part));
      if (index !== -1) return this.notifications.slice(0, index);
      await wait(10);
    }
    const bodies = this.notifications.map(({ body }) => body).join('\n');
    throw new Error(`no notification with ${part} within ${ARRIVAL_LIMIT_MS} ms:\n${bodies}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const body = await text(request);
    this.notifications.push({ method, contentType: headers['content-type'], body });
    response.writeHead(200).end();
  }
}
