import type { ServerHttp2Stream } from 'node:http2';

/** The stream of HTTP/2 that carries a request and its answer; `undefined` for a message of HTTP/1.1. */
export function http2StreamOf(message: object): ServerHttp2Stream | undefined {
  return 'stream' in message ? (message.stream as ServerHttp2Stream) : undefined;
}
