import type { IncomingHttpHeaders } from 'node:http';
import { RegistryError, type ByteRange } from '@purser/core';

const UNIT = 'bytes=';
const RANGE = /^[ \t]*([0-9]*)-([0-9]*)[ \t]*$/;

/**
 * The part of a blob that a request asks for; `undefined` for the whole: without `Range`, in a unit other than bytes,
 * for several ranges at once, for an empty blob, and when `If-Range` names other content.
 *
 * @param size Of the blob, in bytes.
 * @throws RegistryError `RANGE_UNSATISFIABLE` when the range begins after the end, ends before it begins, or is
 * malformed.
 * @see RFC 9110, section 14.2.
 */
export function requestedRange(
  headers: IncomingHttpHeaders,
  { size, etag }: { size: number; etag: string },
): ByteRange | undefined {
  const text = headers.range;
  if (text === undefined || !text.startsWith(UNIT) || size === 0) return undefined;
  if (headers['if-range'] !== undefined && headers['if-range'] !== etag) return undefined;
  return text.includes(',') ? undefined : parseRange(text.slice(UNIT.length), size);
}

function parseRange(text: string, size: number): ByteRange {
  const [, first = '', last = ''] = RANGE.exec(text) ?? [];
  const suffix = first === '';
  const start = suffix ? Math.max(size - Number(last), 0) : Number(first);
  const end = suffix || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  const named = first !== '' || last !== '';
  if (named && start <= end) return { start, end };
  throw new RegistryError('RANGE_UNSATISFIABLE', { detail: { size } });
}
