import type { IncomingMessage } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { RegistryError } from '@purser/core';
import { BodyPieces, tooManyPieces } from './body-pieces.ts';
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

/**
 * The body as it comes in. Who leaves it early can still answer: iterating the request itself would end the connection.
 *
 * Iteration fails with RegistryError `REQUEST_MALFORMED` when the body comes in too many tiny pieces.
 */
export async function* contentOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  const content = request.iterator({ destroyOnReturn: false });
  const stream = http2StreamOf(request);
  const pieces = new BodyPieces();
  for await (const chunk of stream === undefined ? content : untilReset(content, stream)) {
    if (pieces.add(chunk)) throw tooManyPieces();
    yield chunk;
  }
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
  if ((contentLengthOf(request) ?? 0) > maximumSize) throw tooLarge(maximumSize);
  // A kept chunk of one byte takes hundreds of bytes of memory, and the client chooses the size of chunks: copy them.
  let buffer = new Uint8Array(FIRST_BUFFER_SIZE);
  let size = 0;
  for await (const chunk of contentOf(request)) {
    const end = size + chunk.byteLength;
    if (end > maximumSize) throw tooLarge(maximumSize);
    if (end > buffer.byteLength) buffer = enlarge(buffer, end);
    buffer.set(chunk, size);
    size = end;
  }
  return buffer.slice(0, size);
}

const FIRST_BUFFER_SIZE = 8 * 1024;

/** Copies a buffer into one of at least twice its size, so that the bytes of a growing body are copied few times. */
function enlarge(buffer: Uint8Array, leastSize: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(leastSize, 2 * buffer.byteLength));
  larger.set(buffer);
  return larger;
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
 * serve the next request; ends the connection when there is too much of it, or too many tiny pieces. How long it may take is the server's
 * `requestTimeout`.
 *
 * Closing at once would make the client's system throw the answer away: it is still sending.
 */
export function drain(request: IncomingMessage): void {
  const stream = http2StreamOf(request);
  if (request.readableEnded || request.destroyed || stream?.closed || !hasBody(request)) return;
  const pieces = new BodyPieces();
  request.on('data', (chunk: Uint8Array) => {
    if (!pieces.add(chunk) && pieces.size <= MAXIMUM_DRAINED_SIZE) return;
    // Other requests may be on the connection, which can go on without this stream.
    if (stream === undefined) request.socket.destroy();
    else stream.close(constants.NGHTTP2_NO_ERROR);
  });
}
