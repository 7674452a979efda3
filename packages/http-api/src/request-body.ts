import type { IncomingMessage } from 'node:http';
import { RegistryError } from '@purser/core';

/** The `Content-Length` of a request in bytes; `undefined` when it is sent in chunks or has no body. */
export function contentLengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

export function hasBody(request: IncomingMessage): boolean {
  return 'transfer-encoding' in request.headers || (contentLengthOf(request) ?? 0) > 0;
}

/** The body as it comes in. Who leaves it early can still answer: iterating the request itself would end the connection. */
export function contentOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return request.iterator({ destroyOnReturn: false });
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
  if (request.readableEnded || request.destroyed || !hasBody(request)) return;
  let drained = 0;
  request.on('data', (chunk: Uint8Array) => {
    drained += chunk.byteLength;
    if (drained > MAXIMUM_DRAINED_SIZE) request.socket.destroy();
  });
}
