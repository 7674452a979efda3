import type { IncomingHttpHeaders } from 'node:http';
import { RegistryError, type ByteRange } from '@purser/core';
import { lengthOf } from './content-range.ts';

const UNIT = 'bytes=';
const RANGE = /^[ \t]*([0-9]*)-([0-9]*)[ \t]*$/;

/** Maximum number of ranges in one request. Clients of zstd:chunked and eStargz layers send up to 1024. */
const MAXIMUM_RANGES = 1024;

/**
 * Returns the parts of a blob that a request asks for, in the order of the request. Ranges that begin after the end are left
 * out if another one can be satisfied.
 *
 * `undefined` means the whole blob: without `Range`, in a unit other than bytes, for an empty blob, if `If-Range` names other
 * content, and for more than 1024 ranges or ranges that sum to more than the blob.
 *
 * @param size Size of the blob, in bytes.
 * @throws RegistryError `RANGE_UNSATISFIABLE` if no range can be satisfied, or one is malformed or ends before it begins.
 * @see RFC 9110, section 14.2; distribution serves blobs with Go's http.ServeContent.
 */
export function requestedRanges(
  headers: IncomingHttpHeaders,
  { size, etag }: { size: number; etag: string },
): readonly ByteRange[] | undefined {
  const text = headers.range;
  if (text === undefined || !text.startsWith(UNIT) || size === 0) return undefined;
  if (headers['if-range'] !== undefined && headers['if-range'] !== etag) return undefined;
  const texts = text.slice(UNIT.length).split(',', MAXIMUM_RANGES + 1);
  if (texts.length > MAXIMUM_RANGES) return undefined;
  const parsed = texts.filter((part) => part.trim() !== '').map((part) => parseRange(part, size));
  const ranges = parsed.filter(({ start }) => start < size);
  if (ranges.length === 0) throw unsatisfiable(size);
  const sum = ranges.reduce((total, range) => total + lengthOf(range), 0);
  return sum > size ? undefined : ranges;
}

/** The start of the result can lie after the end of the blob. */
function parseRange(text: string, size: number): ByteRange {
  const [, first, last] = RANGE.exec(text) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) {
    throw unsatisfiable(size);
  }
  if (first === '') return { start: Math.max(size - Number(last), 0), end: size - 1 };
  const start = Number(first);
  if (last !== '' && Number(last) < start) throw unsatisfiable(size);
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

function unsatisfiable(size: number): RegistryError {
  return new RegistryError('RANGE_UNSATISFIABLE', { detail: { size } });
}
