import type { Readable } from 'node:stream';
import { isSupportedDigest, routes, type Digest, type RepositoryName } from '@purser/core';
import type { Connection } from '../connection.ts';
import { invalidResponse } from '../response-errors.ts';
import { pulling } from '../scopes.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { TransportResponse } from '../transport/transport.ts';

/** Where a blob is, and who asks for it. */
export interface BlobAddress {
  readonly connection: Connection;
  readonly name: RepositoryName;
  readonly digest: Digest;
  readonly signal?: AbortSignal | undefined;
}

export interface PartRequest {
  readonly start: number;
  /** Inclusive; the end of the blob when absent. */
  readonly end?: number | undefined;
  /** What the part has to be of: else the whole blob comes. */
  readonly etag?: string | undefined;
}

/** The answer to a request for a part of a blob. */
export interface BlobPart {
  readonly body: Readable;
  /** Bytes at the front of the body that were not asked for. */
  readonly skip: number;
  /** The size of the blob; `undefined` when the answer does not tell. */
  readonly total: number | undefined;
  readonly etag: string | undefined;
}

/** The codes of the statuses that mean a blob is not there. A registry need not know every algorithm. */
export function unknownBlobCodes(digest: Digest): Readonly<Record<number, 'BLOB_UNKNOWN'>> {
  return isSupportedDigest(digest)
    ? { 404: 'BLOB_UNKNOWN' }
    : { 400: 'BLOB_UNKNOWN', 404: 'BLOB_UNKNOWN' };
}

/**
 * Asks for a part of a blob, or for all of it.
 *
 * @throws RegistryClientError `BLOB_UNKNOWN`; `RANGE_UNSATISFIABLE` when the part does not lie inside the blob;
 * `RESPONSE_INVALID` when the answer is another part.
 * @see RFC 9110, section 14.
 */
export async function requestPart(address: BlobAddress, part: PartRequest): Promise<BlobPart> {
  const { connection, name, digest, signal } = address;
  const isWhole = part.start === 0 && part.end === undefined;
  const response = await connection.transport.send({
    method: 'GET',
    url: connection.pullUrl(routes.blob.format({ name, digest })),
    headers: { 'Accept-Encoding': 'identity', ...(!isWhole && rangeHeaders(part)) },
    scopes: pulling(name),
    expect: isWhole ? [200] : [200, 206, 416],
    codes: unknownBlobCodes(digest),
    isTransfer: true,
    signal,
  });
  // A body may fail before anybody reads it; who reads it then is told.
  response.body.on('error', () => {});
  try {
    return readPart(response, part);
  } catch (error) {
    response.body.destroy();
    throw error;
  }
}

function rangeHeaders({ start, end, etag }: PartRequest): Record<string, string> {
  const range = { Range: `bytes=${start}-${end ?? ''}` };
  return etag === undefined ? range : { ...range, 'If-Range': etag };
}

function readPart(response: TransportResponse, part: PartRequest): BlobPart {
  const { status, headers, body } = response;
  const etag = strongEtag(headers.get('etag'));
  if (status === 200) {
    const total = contentLength(response);
    checkInside(part, total);
    return { body, skip: part.start, total, etag };
  }
  const range = parseContentRange(headers.get('content-range'));
  if (status === 416) throw outside(range?.total);
  if (range?.start !== part.start) {
    throw invalidResponse(`the registry gave other bytes than were asked for from ${part.start}`);
  }
  checkInside(part, range.end + 1);
  return { body, skip: 0, total: range.total, etag };
}

function checkInside({ end = -1 }: PartRequest, size = Infinity): void {
  if (end >= size) throw outside(size);
}

export function outside(size: number | undefined): RegistryClientError {
  return new RegistryClientError('RANGE_UNSATISFIABLE', { detail: { size }, status: 416 });
}

/** Whole bytes of the body, where the answer says it. */
export function contentLength({ headers }: TransportResponse): number | undefined {
  const text = headers.get('content-length');
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) return undefined;
  return Number(text);
}

interface ContentRange {
  readonly start: number | undefined;
  readonly end: number;
  readonly total: number | undefined;
}

const CONTENT_RANGE = /^bytes (?:([0-9]{1,15})-([0-9]{1,15})|\*)\/([0-9]{1,15}|\*)$/;

function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = CONTENT_RANGE.exec(value ?? '');
  if (match === null) return undefined;
  const [, start, end, total] = match;
  return {
    start: start === undefined ? undefined : Number(start),
    end: Number(end ?? -1),
    total: total === '*' ? undefined : Number(total),
  };
}

/** Only a strong one can tell whether a part belongs to what was read before. */
function strongEtag(value: string | undefined): string | undefined {
  return value !== undefined && /^"[^"]*"$/.test(value) ? value : undefined;
}
