import type { IncomingMessage } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { RegistryError } from '@purser/core';
import { http2StreamOf } from './http2-stream.ts';

/** The `Content-Length` of a request in bytes; `undefined` when it is sent in chunks or has no body. */
export function contentLengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

export function hasBody(request: IncomingMessage): boolean {
  const length = contentLengthOf(request);
  if (length !== undefined) return length > 0;
  // HTTP/2 says that a body follows in its frames.
  const stream = http2StreamOf(request);
  return stream === undefined ? 'transfer-encoding' in request.headers : !stream.endAfterHeaders;
}

/** The body as it comes in. Who leaves it early can still answer: iterating the request itself would end the connection. */
export function contentOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  const content = request.iterator({ destroyOnReturn: false });
  const stream = http2StreamOf(request);
  return stream === undefined ? content : untilReset(content, stream);
}

/** Node.js ends the body of a stream that the client reset as if all of it had come. */
async function* untilReset(
  content: AsyncIterable<Uint8Array>,
  stream: ServerHttp2Stream,
): AsyncGenerator<Uint8Array> {
  yield* content;
  if (!stream.closed) return;
  throw Object.assign(new Error('the client reset the stream'), { code: 'ECONNRESET' });
}

/**
 * Reads a manifest.
 *
 * @param maximumSize In bytes, inclusive.
 * @throws RegistryError `MANIFEST_TOO_LARGE`, before anything is read when the length says so.
 */
export async function readManifest(
  request: IncomingMessage,
  maximumSize: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = contentLengthOf(request) ?? 0;
  if (size > maximumSize) throw tooLarge(maximumSize);
  size = 0;
  for await (const chunk of contentOf(request)) {
    size += chunk.byteLength;
    if (size > maximumSize) throw tooLarge(maximumSize);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(maximumSize: number): RegistryError {
  return new RegistryError('MANIFEST_TOO_LARGE', {
    message: `manifest exceeds the size limit of ${maximumSize} bytes`,
    detail: { maximumSize },
  });
}

/** 8 MiB: twice the largest manifest. A client that goes on sending beyond it has had the time to read its answer. */
const MAXIMUM_DRAINED_SIZE = 8 * 1024 * 1024;

/**
 * Takes what is left of a body off the connection, so that the client gets to read its answer and the connection can
 * serve the next request; ends the connection when there is too much of it. How long it may take is the server's
 * `requestTimeout`.
 *
 * Closing at once would make the client's system throw the answer away: it is still sending.
 */
export function drain(request: IncomingMessage): void {
  const stream = http2StreamOf(request);
  if (request.readableEnded || request.destroyed || stream?.closed || !hasBody(request)) return;
  let drained = 0;
  request.on('data', (chunk: Uint8Array) => {
    drained += chunk.byteLength;
    if (drained <= MAXIMUM_DRAINED_SIZE) return;
    // Other requests may be on the connection, which can go on without this stream.
    if (stream === undefined) request.socket.destroy();
    else stream.close(constants.NGHTTP2_NO_ERROR);
  });
}
