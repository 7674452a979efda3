import {
  OCTET_STREAM,
  parseDigest,
  RegistryError,
  type BlobStore,
  type ByteRange,
  type Digest,
  type OperationOptions,
} from '@purser/core';
import type { Context } from 'koa';
import { answerEmpty } from '../answers.ts';
import { requestedRanges } from '../byte-ranges.ts';
import type { MethodTable, RepositoryCall } from '../call.ts';
import { departureSignal } from '../client-departure.ts';
import { etagOf, isNotModified } from '../conditional.ts';
import { lengthOf } from '../content-range.ts';
import { MultipartRanges } from '../multipart-ranges.ts';
import { sendContent, type Content } from '../send-content.ts';

type BlobCall = RepositoryCall<{ readonly digest: string }>;

/** @see OCI distribution-spec, end-2, end-10. */
export const blobs: MethodTable<BlobCall> = { DELETE: deleteBlob, GET: getBlob, HEAD: headBlob };

async function getBlob(call: BlobCall): Promise<void> {
  const { context, settings, repository } = call;
  const digest = parseDigest(call.parameters.digest);
  if (settings.redirect && (await redirectToBlob(context, repository.blobs, digest))) return;
  const signal = departureSignal(context);
  const size = await sizeOf(repository.blobs, digest, { signal });
  if (answerNotModified(context, digest)) return;
  const ranges = rangesOf(context, digest, size);
  if (ranges !== undefined && ranges.length > 1) {
    return sendParts(call, { ranges, size, signal });
  }
  const range = ranges?.[0];
  const content = await repository.blobs.open(digest, { range, lend: true, signal });
  describe(context, digest);
  describeLength(context, size, range);
  await send(call, content);
}

interface Parts extends OperationOptions {
  readonly ranges: readonly ByteRange[];
  readonly size: number;
}

async function sendParts(call: BlobCall, { ranges, size, signal }: Parts): Promise<void> {
  const { context, repository, parameters } = call;
  const digest = parseDigest(parameters.digest);
  const parts = new MultipartRanges(ranges, size);
  describe(context, digest);
  context.status = 206;
  context.set('Content-Type', parts.contentType);
  context.set('Content-Length', String(parts.contentLength));
  await send(
    call,
    parts.read((range) => repository.blobs.open(digest, { range, lend: true, signal })),
  );
}

/** A failure before the first byte is answered like any other; after it, all that can be done is to cut the connection. */
async function send({ context, settings }: BlobCall, content: Content): Promise<void> {
  context.respond = false;
  try {
    await sendContent(context.res, content);
  } catch (error) {
    if (context.headerSent) return settings.onError(error, context);
    for (const name of CONTENT_HEADERS) context.remove(name);
    context.respond = true;
    throw error;
  }
}

/** As GET, but opens nothing and knows no ranges: they mean nothing without content. */
async function headBlob(call: BlobCall): Promise<void> {
  const { context, settings, repository } = call;
  const digest = parseDigest(call.parameters.digest);
  if (settings.redirect && (await redirectToBlob(context, repository.blobs, digest))) return;
  const size = await sizeOf(repository.blobs, digest, { signal: departureSignal(context) });
  if (answerNotModified(context, digest)) return;
  describe(context, digest);
  describeLength(context, size, undefined);
}

async function deleteBlob({ context, repository, parameters }: BlobCall): Promise<void> {
  await repository.blobs.delete(parseDigest(parameters.digest));
  answerEmpty(context, 202);
}

/** Sends the client to where the blob lies, if the store knows such a place. */
async function redirectToBlob(
  context: Context,
  store: BlobStore,
  digest: Digest,
): Promise<boolean> {
  const method = context.method === 'HEAD' ? 'HEAD' : 'GET';
  const url = await store.locate(digest, { method });
  if (url === undefined) return false;
  context.set('Location', url.href);
  context.set('Docker-Content-Digest', digest);
  answerEmpty(context, 307);
  return true;
}

async function sizeOf(
  store: BlobStore,
  digest: Digest,
  options: OperationOptions,
): Promise<number> {
  const descriptor = await store.stat(digest, options);
  if (descriptor === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
  return descriptor.size;
}

function answerNotModified(context: Context, digest: Digest): boolean {
  if (!isNotModified(context.req.headers, digest)) return false;
  describe(context, digest);
  answerEmpty(context, 304);
  return true;
}

function rangesOf(
  context: Context,
  digest: Digest,
  size: number,
): readonly ByteRange[] | undefined {
  try {
    return requestedRanges(context.req.headers, { size, etag: etagOf(digest) });
  } catch (error) {
    context.set('Content-Range', `bytes */${size}`);
    throw error;
  }
}

const CONTENT_HEADERS = [
  'Accept-Ranges',
  'Cache-Control',
  'Content-Range',
  'Docker-Content-Digest',
  'Etag',
];

/** The digest asked for is the one answered with, whichever the content is kept under. */
function describe(context: Context, digest: Digest): void {
  context.set('Accept-Ranges', 'bytes');
  context.set('Cache-Control', 'max-age=31536000');
  context.set('Docker-Content-Digest', digest);
  context.set('Etag', etagOf(digest));
}

function describeLength(context: Context, size: number, range: ByteRange | undefined): void {
  context.status = range === undefined ? 200 : 206;
  context.set('Content-Type', OCTET_STREAM);
  context.set('Content-Length', String(range === undefined ? size : lengthOf(range)));
  if (range) context.set('Content-Range', `bytes ${range.start}-${range.end}/${size}`);
}
