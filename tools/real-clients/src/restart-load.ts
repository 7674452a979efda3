import { randomBytes } from 'node:crypto';
import { Agent, request, type RequestOptions } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { digestOf } from '@purser/registry-under-test';

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: Buffer;
}

/** Pushes and pulls blobs without a pause, on connections that are kept and on new ones, and notes each failure. */
export class RestartLoad {
  readonly failures: string[] = [];
  requests = 0;
  /** Requests that went to the next port since their connection was reset before any answer. */
  resets = 0;
  readonly #ports: readonly number[];
  readonly #clients: readonly Promise<void>[];
  #isOver = false;

  /**
   * @param ports A refused connection goes to the next of them; so does one that is reset, which the system does to a
   * connection that arrives in the moment in which a listening socket closes.
   */
  constructor(ports: readonly number[], clients: number) {
    this.#ports = ports;
    this.#clients = Array.from({ length: clients }, (_, index) => this.#run(index));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #run(index: number): Promise<void> {
    const agent = new Agent({ keepAlive: index % 2 === 0, maxSockets: 1 });
    for (let turn = index; !this.#isOver; turn++) {
      await this.#pushAndPull(agent, turn).catch((error: unknown) => {
        this.failures.push(String(error));
      });
      await wait(20);
    }
    agent.destroy();
  }

  async #pushAndPull(agent: Agent, turn: number): Promise<void> {
    const content = randomBytes(50_000);
    const digest = digestOf(content);
    const ask = async (expected: number, options: RequestOptions, body?: Buffer) => {
      const answer = await this.#askOneOf(turn, { agent, ...options }, body);
      if (answer.status === expected) return answer;
      throw new Error(`${options.method} ${options.path}: ${answer.status}`);
    };
    const { location } = await ask(202, { method: 'POST', path: '/v2/a/blobs/uploads/' });
    const upload = await ask(202, { method: 'PATCH', path: pathOf(location) }, content);
    const path = pathOf(upload.location);
    const separator = path.includes('?') ? '&' : '?';
    await ask(201, { method: 'PUT', path: `${path}${separator}digest=${digest}` });
    const { body } = await ask(200, { method: 'GET', path: `/v2/a/blobs/${digest}` });
    if (!body.equals(content)) throw new Error(`${digest}: other content`);
  }

  async #askOneOf(turn: number, options: RequestOptions, body?: Buffer): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const port = this.#ports[(turn + attempt) % this.#ports.length]!;
      try {
        return await this.#ask({ ...options, port }, body);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const isMissed = code === 'ECONNREFUSED' || code === 'ECONNRESET';
        if (!isMissed || attempt + 1 >= this.#ports.length) throw error;
        if (code === 'ECONNRESET') this.resets++;
      }
    }
  }

  async #ask(options: RequestOptions, body?: Buffer): Promise<Answer> {
    this.requests++;
    const headers = { 'Content-Length': body?.length ?? 0 };
    const call = request({ host: '127.0.0.1', headers, ...options }).end(body);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    call.once('error', reject);
    call.once('response', (response) => {
      const { statusCode: status = 0, headers: received } = response;
      const location = received.location ?? '';
      buffer(response).then((content) => resolve({ status, location, body: content }), reject);
    });
    return promise;
  }
}

function pathOf(location: string): string {
  const { pathname, search } = new URL(location, 'http://127.0.0.1');
  return pathname + search;
}
