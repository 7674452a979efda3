import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { protect } from './protected-response.ts';

/** A request of HTTP/2 that knows how much of its body has come: Node.js counts the bytes of connections alone. */
export class CountedRequest extends Http2ServerRequest {
  /** Bytes, without what waits in the stream. */
  received = 0;
  #onRead: (() => void) | undefined;

  /** @param listener Called once, when the first byte of the body is asked for. */
  onceRead(listener: () => void): void {
    this.#onRead = listener;
  }

  override _read(size: number): void {
    this.#onRead?.();
    this.#onRead = undefined;
    super._read(size);
  }

  override push(chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
    this.received += chunk?.length ?? 0;
    return super.push(chunk, encoding);
  }
}

type Done = (error: Error) => void;

/** An answer of HTTP/2 that knows how much was written of it. It always carries the id of its request and the protective headers. */
export class CountedResponse<
  Request extends Http2ServerRequest = Http2ServerRequest,
> extends Http2ServerResponse<Request> {
  /** Bytes, with what waits in the stream. */
  written = 0;

  /** True once `close` was emitted, as of an answer of HTTP/1.1. Node.js does not set it. */
  override closed = false;

  /** Node.js calls it before there is a request to listen to, and fails if the client has reset the stream already. */
  override writeContinue(): void {
    const { stream } = this;
    if (!stream.destroyed && !stream.closed) super.writeContinue();
  }

  override write(chunk: string | Uint8Array, done?: Done): boolean;
  override write(chunk: string | Uint8Array, encoding: BufferEncoding, done?: Done): boolean;
  override write(chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean {
    this.written += chunk.length;
    protect(this);
    return super.write(chunk, ...(rest as [BufferEncoding, Done?]));
  }

  // An answer without a body is sent by this method, without `writeHead`.
  override end(...rest: readonly unknown[]): this {
    protect(this);
    return super.end(...(rest as [string, BufferEncoding]));
  }

  override writeHead(status: number, ...rest: readonly unknown[]): this {
    protect(this);
    return super.writeHead(status, ...(rest as [OutgoingHttpHeaders]));
  }
}

/** What carries a request of HTTP/2 and its answer; `undefined` for one of HTTP/1.1. */
export function streamOf(request: object): ServerHttp2Stream | undefined {
  return request instanceof CountedRequest ? request.stream : undefined;
}

/** Ends a stream, also when the client reads nothing any more: what the stream holds is given back at once. */
export function resetStream(stream: ServerHttp2Stream, code = constants.NGHTTP2_CANCEL): void {
  stream.close(code);
  stream.destroy();
}
