import type { ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import type { Readable } from 'node:stream';
import { isClosed } from './client-departure.ts';
import { http2StreamOf } from './http2-stream.ts';

/**
 * Sends content whose chunks are lent: the next is asked for when the last has left for the network, while which the
 * store reads ahead. So memory is used again instead of being allocated anew, which costs more than the reading does.
 *
 * A client that leaves ends it early, without a failure; the content is destroyed in every case.
 *
 * @throws what the content fails with. Once the headers are out the connection is cut, since its end would look like that
 * of the content; before, the response can still be used.
 */
export async function sendContent(response: ServerResponse, content: Readable): Promise<void> {
  const connection = new Connection(response);
  const stop = () => void content.destroy();
  response.once('close', stop);
  try {
    for await (const chunk of content) {
      if (!(await connection.send(chunk as Uint8Array))) return;
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
  #settle: () => void = () => {};

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once('close', () => this.#settle());
  }

  get isClosed(): boolean {
    return isClosed(this.#response);
  }

  /** @returns Whether there is still someone to send to. */
  async send(chunk: Uint8Array): Promise<boolean> {
    await this.#settled((done) => this.#response.write(chunk, done));
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
