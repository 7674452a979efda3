import type { IncomingMessage } from 'node:http';
import { RegistryError, type ByteRange } from '@purser/core';
import { contentLengthOf } from './request-body.ts';

const GRAMMAR = /^([0-9]{1,16})-([0-9]{1,16})$/;

/**
 * Returns the place of a request's body in an upload; `undefined` if the request names none and appends to the end.
 *
 * @throws RegistryError `BLOB_UPLOAD_INVALID` when it is not `start-end`, both inclusive.
 * @see OCI distribution-spec, "Pushing a blob in chunks".
 */
export function contentRangeOf(request: IncomingMessage): ByteRange | undefined {
  const text = request.headers['content-range'];
  return text === undefined ? undefined : parseContentRange(text);
}

/** @throws RegistryError `SIZE_INVALID` when the body's `Content-Length` differs from the length of its range. */
export function requireRangeLength(request: IncomingMessage, range: ByteRange): void {
  const length = contentLengthOf(request);
  if (length === undefined || length === lengthOf(range)) return;
  throw new RegistryError('SIZE_INVALID', {
    message: `Content-Range names ${lengthOf(range)} bytes, Content-Length ${length}`,
    detail: { contentRange: request.headers['content-range'], contentLength: length },
  });
}

/** In bytes. */
export function lengthOf({ start, end }: ByteRange): number {
  return end - start + 1;
}

function parseContentRange(text: string): ByteRange {
  const [, first, last] = GRAMMAR.exec(text) ?? [];
  const start = Number(first);
  const end = Number(last);
  if (Number.isSafeInteger(end) && start <= end) return { start, end };
  throw new RegistryError('BLOB_UPLOAD_INVALID', {
    message: 'malformed Content-Range: expected the first and the last byte, as in 0-1023',
    detail: { contentRange: text.slice(0, 100) },
  });
}
