import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What is asked. */
export interface RegistryRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | Iterable<Uint8Array> | undefined;
  /** Bytes of an iterable body, for `Content-Length`; without it the body goes out in chunked encoding. */
  readonly length?: number | undefined;
  /** Takes the content of a 2xx answer, which is then not collected. */
  readonly onContent?: ((chunk: Buffer) => void) | undefined;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface RegistryClientOptions {
  readonly host?: string | undefined;
  /** Registries over the same storage; each request goes to one of them. */
  readonly ports: readonly number[];
  /** Chooses one of the ports. The first, when absent. */
  readonly choose?: ((ports: readonly number[]) => number) | undefined;
  /** How long a connection may be silent, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Speaks TLS, and trusts any certificate. Default: `false`. */
  readonly speaksTls?: boolean | undefined;
  /** Headers of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sees every answer. */
  readonly observe?: ((request: RegistryRequest, answer: RegistryAnswer) => void) | undefined;
}

/** The connection ended before the answer did. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** The connection was silent for too long. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** A registry client that adds nothing: one request, one answer, over connections that are kept. */
export class RegistryClient {
  readonly #agent: Agent;
  readonly #options: RegistryClientOptions;

  constructor(options: RegistryClientOptions) {
    const connections = { keepAlive: true, maxSockets: Infinity };
    this.#agent =
      options.speaksTls === true
        ? new TlsAgent({ ...connections, rejectUnauthorized: false })
        : new Agent(connections);
    this.#options = options;
  }

  /** @throws ConnectionLost, NoAnswer; the answer's status is the caller's affair. */
  async request(request: RegistryRequest): Promise<RegistryAnswer> {
    const { ports, choose = ([first = 0]) => first, observe } = this.#options;
    const answer = await this.#exchange(request, choose(ports)).catch((error: unknown) => {
      throw error instanceof NoAnswer ? error : lost(request, error);
    });
    observe?.(request, answer);
    return answer;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #exchange(request: RegistryRequest, port: number): Promise<RegistryAnswer> {
    const { host = '127.0.0.1', timeoutMs = 30_000, speaksTls, headers } = this.#options;
    const { method, path } = request;
    const begin = speaksTls === true ? httpsRequest : httpRequest;
    const outgoing = begin({ host, port, method, path, agent: this.#agent });
    const all = { ...headers, ...framed(request) };
    for (const [name, value] of Object.entries(all)) outgoing.setHeader(name, value);
    outgoing.setTimeout(timeoutMs, () => {
      outgoing.destroy(new NoAnswer(`${method} ${path}: no answer in ${timeoutMs} ms`));
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject);
    });
    const sent = sendBody(outgoing, request.body);
    // A registry may refuse before it has read everything; what counts is its answer.
    sent.catch(() => {});
    return receive(await answered, request);
  }
}

function framed({ headers, body, length }: RegistryRequest): Record<string, string> {
  const size = body instanceof Uint8Array ? body.byteLength : length;
  if (body === undefined) return { 'content-length': '0', ...headers };
  return size === undefined ? { ...headers } : { 'content-length': String(size), ...headers };
}

async function sendBody(
  outgoing: ReturnType<typeof httpRequest>,
  body: RegistryRequest['body'],
): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
  else await pipeline(Readable.from(body), outgoing);
}

async function receive(
  incoming: IncomingMessage,
  { onContent }: RegistryRequest,
): Promise<RegistryAnswer> {
  const { statusCode: status = 0, headers } = incoming;
  const collected: Buffer[] = [];
  const isContent = onContent !== undefined && status >= 200 && status < 300;
  incoming.on('data', isContent ? onContent : (chunk: Buffer) => void collected.push(chunk));
  await new Promise<void>((resolve, reject) => {
    incoming.once('end', resolve).once('error', reject);
  });
  return { status, headers, body: Buffer.concat(collected) };
}

function lost({ method, path }: RegistryRequest, cause: unknown): ConnectionLost {
  return new ConnectionLost(`${method} ${path}: the connection was lost`, { cause });
}
