import { validateHeaderName, validateHeaderValue } from 'node:http';
import { Writable } from 'node:stream';
import {
  ByteLengthQueuingStrategy,
  ReadableStream,
  type ReadableStreamDefaultController,
} from 'node:stream/web';
import type { FetchSocket } from './fetch-socket.ts';

type HeaderValue = string | number | readonly string[];

/** Bytes that wait for the client before the writer has to. */
const BUFFERED_SIZE = 64 * 1024;

export interface FetchResponseOptions {
  readonly socket: FetchSocket;
  /** If true, the body is dropped: the answer to HEAD. */
  readonly isHead: boolean;
  /** Called once, with the head of the answer: at the first byte of its body or at its end. */
  readonly onHead: (response: Response) => void;
  /** Called when the client stops reading. */
  readonly onDeparture: () => void;
}

/** The message of Node.js that the API answers by, as a `Response` whose body is produced as fast as it is read. */
export class FetchResponse extends Writable {
  statusCode = 200;
  statusMessage = '';
  headersSent = false;
  readonly socket: FetchSocket;
  readonly #headers = new Map<string, HeaderValue>();
  readonly #isHead: boolean;
  readonly #onHead: (response: Response) => void;
  readonly #onDeparture: () => void;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #resume: (() => void) | undefined;

  constructor({ socket, isHead, onHead, onDeparture }: FetchResponseOptions) {
    super();
    this.socket = socket;
    this.#isHead = isHead;
    this.#onHead = onHead;
    this.#onDeparture = onDeparture;
  }

  get finished(): boolean {
    return this.writableEnded;
  }

  setHeader(name: string, value: HeaderValue): this {
    if (this.headersSent) throw new Error('headers cannot be set: they are already sent');
    validateHeaderName(name);
    for (const text of [value].flat()) validateHeaderValue(name, String(text));
    this.#headers.set(name.toLowerCase(), value);
    return this;
  }

  getHeader(name: string): HeaderValue | undefined {
    return this.#headers.get(name.toLowerCase());
  }

  getHeaders(): Record<string, HeaderValue> {
    return Object.fromEntries(this.#headers);
  }

  getHeaderNames(): string[] {
    return [...this.#headers.keys()];
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name.toLowerCase());
  }

  removeHeader(name: string): void {
    if (this.headersSent) throw new Error('headers cannot be removed: they are already sent');
    this.#headers.delete(name.toLowerCase());
  }

  flushHeaders(): void {
    if (!this.headersSent) this.#sendHead(this.#hasBody ? this.#createBody() : null);
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.flushHeaders();
    if (this.#body === undefined) return callback();
    // The chunk is lent; a client of fetch keeps what it reads.
    this.#body.enqueue(Uint8Array.from(chunk));
    if ((this.#body.desiredSize ?? 0) > 0) callback();
    else this.#resume = callback;
  }

  override _final(callback: () => void): void {
    if (!this.headersSent) this.#sendHead(null);
    this.#body?.close();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.writableFinished) this.#breakOff(error ?? new Error('the answer broke off'));
    callback(error);
  }

  get #hasBody(): boolean {
    return !this.#isHead && ![204, 205, 304].includes(this.statusCode);
  }

  #createBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#body = controller),
        pull: () => {
          const resume = this.#resume;
          this.#resume = undefined;
          resume?.();
        },
        cancel: () => {
          this.#body = undefined;
          this.#onDeparture();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: BUFFERED_SIZE }),
    );
  }

  #sendHead(body: ReadableStream<Uint8Array> | null): void {
    this.headersSent = true;
    const headers = new Headers();
    for (const [name, value] of this.#headers) {
      for (const text of [value].flat()) headers.append(name, String(text));
    }
    this.#onHead(new Response(body, { status: this.statusCode, headers }));
  }

  #breakOff(error: Error): void {
    this.#body?.error(error);
    this.#body = undefined;
  }
}
