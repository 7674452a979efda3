import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from '@purser/registry-under-test';
import { Arrivals } from './arrivals.ts';

export interface EndpointServerOptions {
  /** How often a request fails in some way, from 0 to 1. */
  readonly failureRate: number;
  readonly random: Random;
  /** Checked when given. */
  readonly secret?: string | undefined;
}

/** An endpoint that refuses, hangs, resets connections, takes events without saying so, and goes away for a while. */
export class EndpointServer implements Disposable {
  readonly arrivals = new Arrivals();
  readonly faults = { refused: 0, reset: 0, hung: 0, 'taken and cut': 0, 'gone away': 0 };
  readonly #options: EndpointServerOptions;
  #server: Server;
  #port = 0;
  #badSignatures = 0;

  constructor(options: EndpointServerOptions) {
    this.#options = options;
    this.#server = this.#create();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/events`;
  }

  get badSignatures(): number {
    return this.#badSignatures;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Is killed, and comes back. */
  async goAway(milliseconds: number): Promise<void> {
    this.faults['gone away'] += 1;
    this.#server.close();
    this.#server.closeAllConnections();
    await wait(milliseconds);
    this.#server = this.#create();
    await this.listen();
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #create(): Server {
    return createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { random, failureRate } = this.#options;
    const body = await textOf(request);
    if (!random.isLucky(failureRate)) {
      this.#take(request, body);
      response.end();
      return;
    }
    const draw = random.next();
    if (draw < 0.9) {
      this.faults.refused += 1;
      response.writeHead(random.pick([500, 503, 400, 429])).end('no');
    } else if (draw < 0.96) {
      this.faults.reset += 1;
      request.socket.resetAndDestroy();
    } else if (draw < 0.998) {
      this.#take(request, body);
      this.faults['taken and cut'] += 1;
      request.socket.destroy();
    } else {
      // No answer: the notifier has to give up waiting.
      this.faults.hung += 1;
    }
  }

  #take({ headers }: IncomingMessage, body: string): void {
    const { secret } = this.#options;
    const timestamp = String(headers['x-purser-timestamp']);
    if (secret !== undefined && headers['x-purser-signature'] !== sign(secret, timestamp, body)) {
      this.#badSignatures += 1;
    }
    const document = JSON.parse(body) as Partial<Envelope & { data: Event }>;
    const event = document.data ?? document.events?.[0];
    if (event !== undefined) this.arrivals.add(event.id, Number(event.request.id));
  }
}

interface Event {
  readonly id: string;
  readonly request: { readonly id: string };
}

interface Envelope {
  readonly events: readonly Event[];
}

function sign(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
