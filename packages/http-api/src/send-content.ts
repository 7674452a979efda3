import type { ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { isClosed } from './client-departure.ts';
import { ENCRYPTED_PIECE, isEncrypted } from './encryption.ts';
import { http2StreamOf } from './http2-stream.ts';

/** Content that is read once, such as a `Readable`. */
export interface Content extends AsyncIterable<Uint8Array> {
  /** Ends the reading early; does nothing after its end. */
  destroy(): unknown;
}

/**
 * Sends content whose chunks are lent: the next is asked for when the last has left for the network. So memory is used
 * again instead of being allocated, and a client that reads nothing holds one chunk.
 *
 * A client that leaves ends it early, without a failure; the content is destroyed in every case.
 *
 * @throws what the content fails with. Once the headers are out the connection is cut, since its end would look like that
 * of the content; before, the response can still be used.
 */
export async function sendContent(response: ServerResponse, content: Content): Promise<void> {
  const connection = new Connection(response);
  const stop = () => void content.destroy();
  response.once('close', stop);
  try {
    for await (const chunk of content) {
      if (!(await connection.send(chunk))) return;
    }
    await connection.end();
  } catch (error) {
    if (connection.isClosed) return;
    if (response.headersSent) cut(response);
    throw error;
  } finally {
    response.off('close', stop);
    content.destroy();
  }
}

/** A stream of HTTP/2 that is only destroyed tells its client of no error. */
function cut(response: ServerResponse): void {
  const stream = http2StreamOf(response);
  if (stream === undefined) response.destroy();
  else stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}

/** A response whose every write settles, also when the client leaves before it got through. */
class Connection {
  readonly #response: ServerResponse;
  readonly #pieceSize: number;
  #settle: () => void = () => {};

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#pieceSize = isEncrypted(response) ? ENCRYPTED_PIECE : Infinity;
    response.once('close', () => this.#settle());
  }

  get isClosed(): boolean {
    return isClosed(this.#response);
  }

  /** @returns Whether there is still someone to send to. */
  async send(chunk: Uint8Array): Promise<boolean> {
    for (let start = 0; start < chunk.byteLength && !this.isClosed; start += this.#pieceSize) {
      const piece = chunk.subarray(start, start + this.#pieceSize);
      await this.#settled((done) => this.#response.write(piece, done));
    }
    return !this.isClosed;
  }

  async end(): Promise<void> {
    await this.#settled((done) => this.#response.end(done));
  }

  #settled(start: (done: () => void) => void): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settle = resolve;
      start(resolve);
    });
  }
}
