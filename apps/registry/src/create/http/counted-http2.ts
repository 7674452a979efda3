import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';

/** A request of HTTP/2 that knows how much of its body has come: Node.js counts the bytes of connections alone. */
export class CountedRequest extends Http2ServerRequest {
  /** Bytes, without what waits in the stream. */
  received = 0;

  override push(chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
    this.received += chunk?.length ?? 0;
    return super.push(chunk, encoding);
  }
}

type Done = (error: Error) => void;

/** An answer of HTTP/2 that knows how much was written of it. */
export class CountedResponse<
  Request extends Http2ServerRequest = Http2ServerRequest,
> extends Http2ServerResponse<Request> {
  /** Bytes, with what waits in the stream. */
  written = 0;

  override write(chunk: string | Uint8Array, done?: Done): boolean;
  override write(chunk: string | Uint8Array, encoding: BufferEncoding, done?: Done): boolean;
  override write(chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean {
    this.written += chunk.length;
    return super.write(chunk, ...(rest as [BufferEncoding, Done?]));
  }
}

/** What carries a request of HTTP/2 and its answer; `undefined` for one of HTTP/1.1. */
export function streamOf(request: object): ServerHttp2Stream | undefined {
  return request instanceof CountedRequest ? request.stream : undefined;
}

/** Ends a stream, also when the client reads nothing any more: what the stream holds is given back at once. */
export function resetStream(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_CANCEL);
  stream.destroy();
}
