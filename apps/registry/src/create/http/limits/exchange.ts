import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { RegistryError } from '@purser/core';
import { resetStream, streamOf } from '../counted-http2.ts';
import { progressOf, type Progress } from '../progress-of.ts';
import { answerDirectly } from './answer-directly.ts';
import type { Transfer } from './transfers.ts';

const MESSAGE = 'the request stood still while others needed its place: retry later';

/** Bytes a second. A client that moves fewer is as good as still when others need its place. */
const SLOWEST_PACE = 1024;

/** A request and its answer, as far as they depend on the client. */
export class Exchange implements Transfer {
  readonly client: string;
  readonly connection: object;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #last: Progress & { readonly at: number };

  constructor(request: IncomingMessage, response: ServerResponse, client: string) {
    this.client = client;
    this.connection = connectionOf(request);
    this.#request = request;
    this.#response = response;
    this.#last = { ...progressOf(request, response), at: performance.now() };
  }

  /** Bytes of the answer that the client has not taken. */
  get untaken(): number {
    return (streamOf(this.#request) ?? this.#response).writableLength;
  }

  /** How long the client has kept the server waiting, in milliseconds; 0 while it moves at least 1 KiB a second. */
  look(): number {
    const now = { ...progressOf(this.#request, this.#response), at: performance.now() };
    const waited = now.at - this.#last.at;
    const moved = now.bytes - this.#last.bytes;
    const isStill =
      now.turn !== 'ours' && now.turn === this.#last.turn && moved * 1000 < SLOWEST_PACE * waited;
    if (isStill) return waited;
    this.#last = now;
    return 0;
  }

  /** Ends the exchange for the sake of others: with 429 if there is no answer yet and HTTP/1.1 has room for one. */
  cut(): void {
    const stream = streamOf(this.#request);
    if (stream !== undefined) return resetStream(stream, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    const { headersSent, socket } = this.#response;
    const hasRoom = !headersSent && socket?.writableLength === 0;
    if (!hasRoom) return void this.#request.socket.destroy();
    const error = new RegistryError('TOOMANYREQUESTS', { message: MESSAGE });
    answerDirectly(this.#request, this.#response, error);
  }
}

/** The identity of the connection that a request came on: in HTTP/2 each request has a socket object of its own. */
export function connectionOf(request: IncomingMessage): object {
  return streamOf(request)?.session ?? request.socket;
}
