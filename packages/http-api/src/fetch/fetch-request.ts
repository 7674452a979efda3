import { Readable } from 'node:stream';
import type { ReadableStreamDefaultReader } from 'node:stream/web';
import type { FetchSocket } from './fetch-socket.ts';

/** A `Request` as the message of Node.js that the API reads. */
export class FetchRequest extends Readable {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly string[];
  readonly httpVersion = '1.1';
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor = 1;
  readonly socket: FetchSocket;
  aborted = false;
  readonly #body: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(request: Request, socket: FetchSocket) {
    super();
    const { host, pathname, search } = new URL(request.url);
    this.method = request.method;
    this.url = pathname + search;
    this.headers = headersOf(request, host);
    this.rawHeaders = Object.entries(this.headers).flat();
    this.socket = socket;
    this.#body = request.body?.getReader();
  }

  /** The client left: readers fail instead of finding an end. */
  abort(): void {
    this.aborted = true;
    this.destroy(Object.assign(new Error('the client left'), { code: 'ECONNRESET' }));
  }

  override _read(): void {
    if (this.#body === undefined) {
      this.push(null);
      return;
    }
    this.#body.read().then(
      ({ done, value }) => void this.push(done ? null : value),
      (error: unknown) => {
        const cause = error instanceof Error ? error : new Error(String(error));
        this.destroy(Object.assign(cause, { code: 'ECONNRESET' }));
      },
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // A body that was read to its end or failed has nothing left to cancel.
    this.#body?.cancel(error ?? undefined).catch(() => {});
    callback(error);
  }
}

function headersOf({ headers, body }: Request, host: string): Record<string, string> {
  const entries = Object.fromEntries(headers) as Record<string, string>;
  const isLengthKnown = 'content-length' in entries || 'transfer-encoding' in entries;
  return {
    host,
    ...entries,
    ...(body === null || isLengthKnown ? {} : { 'transfer-encoding': 'chunked' }),
  };
}
