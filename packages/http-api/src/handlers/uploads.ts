import {
  isRepositoryName,
  isSupportedAlgorithm,
  parseDigest,
  RegistryError,
  routes,
  supportedAlgorithmOf,
  type BlobWriter,
  type ByteRange,
  type Caller,
  type Digest,
  type DigestAlgorithm,
  type RepositoryName,
  type UploadStatus,
} from '@purser/core';
import { answerEmpty } from '../answers.ts';
import { accessTo } from '../authorize.ts';
import { queryOf, type MethodTable, type RepositoryCall } from '../call.ts';
import { departureSignal } from '../client-departure.ts';
import { contentRangeOf, lengthOf, requireRangeLength } from '../content-range.ts';
import { contentLengthOf, contentOf, hasBody } from '../request-body.ts';

type UploadCall = RepositoryCall<{ readonly id: string }>;

/** @see OCI distribution-spec, end-4, end-11. Without an id there is no session to look at, as in distribution. */
export const uploads: MethodTable<RepositoryCall> = {
  DELETE: refuseMissingId,
  GET: refuseMissingId,
  HEAD: refuseMissingId,
  PATCH: refuseMissingId,
  POST: startUpload,
  PUT: refuseMissingId,
};

/** @see OCI distribution-spec, end-5, end-6, end-13, end-14. */
export const upload: MethodTable<UploadCall> = {
  DELETE: cancelUpload,
  GET: getUpload,
  HEAD: getUpload,
  PATCH: appendToUpload,
  PUT: finishUpload,
};

function refuseMissingId(): void {
  throw new RegistryError('BLOB_UPLOAD_UNKNOWN');
}

async function startUpload(call: RepositoryCall): Promise<void> {
  const query = queryOf(call);
  const mount = query.get('mount');
  const digest = query.get('digest');
  if (mount !== null && (await mountBlob(call, parseNewDigest(mount), query.get('from')))) return;
  if (mount === null && digest !== null) return putBlob(call, parseNewDigest(digest));
  const algorithm = announcedAlgorithm(query.get('digest-algorithm'));
  await using writer = await call.repository.blobs.create({ algorithm });
  describeSession(call, writer);
  answerEmpty(call.context, 202);
}

/** The algorithm a client means to commit by, which it says so that content is hashed while it comes in. */
function announcedAlgorithm(text: string | null): DigestAlgorithm | undefined {
  if (text === null || isSupportedAlgorithm(text)) return text ?? undefined;
  throw new RegistryError('DIGEST_INVALID', {
    message: 'unsupported digest algorithm',
    detail: { algorithm: text.slice(0, 64) },
  });
}

/** Failures that mean no more than that the client has to send the blob itself. */
const NOT_MOUNTABLE = ['BLOB_UNKNOWN', 'DENIED', 'NAME_UNKNOWN', 'UNSUPPORTED'] as const;

/**
 * Mounts a blob from a repository that the caller may pull from; without `from`, from any such repository. The source is
 * not looked at before the right is checked, so that the answer does not tell what a forbidden repository holds.
 */
async function mountBlob(
  call: RepositoryCall,
  digest: Digest,
  from: string | null,
): Promise<boolean> {
  const mayRead = mayReadOf(call.caller);
  if (from !== null && !isRepositoryName(from)) return false;
  if (from !== null && mayRead !== undefined && !(await mayRead(from))) return false;
  const signal = departureSignal(call.context);
  try {
    const options = { from: from ?? undefined, mayRead, signal };
    const mounted = await call.repository.blobs.mount(digest, options);
    if (mounted === undefined) return false;
  } catch (error) {
    if (RegistryError.is(error, ...NOT_MOUNTABLE)) return false;
    throw error;
  }
  answerStored(call, digest);
  return true;
}

function mayReadOf(caller: Caller | undefined) {
  if (caller === undefined) return undefined;
  return async (name: RepositoryName) =>
    (await caller.refusalOf([accessTo(name, 'pull')])) === undefined;
}

/** Takes a blob in a single request. Nobody knows of its session, so that a failure ends it. */
async function putBlob(call: RepositoryCall, digest: Digest): Promise<void> {
  const { req } = call.context;
  const algorithm = supportedAlgorithmOf(digest);
  const writer = await call.repository.blobs.create({ algorithm });
  try {
    await writer.append(contentOf(req), { length: contentLengthOf(req) });
  } catch (error) {
    await writer.cancel();
    throw error;
  }
  await writer.commit(digest);
  answerStored(call, digest);
}

async function getUpload(call: UploadCall): Promise<void> {
  describeSession(call, await call.repository.blobs.uploadStatus(sessionId(call)));
  answerEmpty(call.context, 204);
}

async function appendToUpload(call: UploadCall): Promise<void> {
  const range = contentRangeOf(call.context.req);
  await using writer = await resume(call);
  await append(call, writer, range);
  describeSession(call, writer);
  answerEmpty(call.context, 202);
}

async function finishUpload(call: UploadCall): Promise<void> {
  const digest = parseNewDigest(queryOf(call).get('digest'));
  const range = contentRangeOf(call.context.req);
  await using writer = await resume(call);
  if (range !== undefined || hasBody(call.context.req)) await append(call, writer, range);
  await writer.commit(digest);
  answerStored(call, digest);
}

async function cancelUpload(call: UploadCall): Promise<void> {
  await using writer = await resume(call);
  await writer.cancel();
  call.context.set('Docker-Upload-Uuid', writer.id);
  answerEmpty(call.context, 204);
}

function resume(call: UploadCall): Promise<BlobWriter> {
  const signal = departureSignal(call.context);
  return call.repository.blobs.resume(sessionId(call), { signal });
}

/**
 * A refusal carries the size of the session, so that the client can resume there. A chunk that is out of order is refused
 * as such, whatever its length.
 */
async function append(
  call: UploadCall,
  writer: BlobWriter,
  range: ByteRange | undefined,
): Promise<void> {
  const { req } = call.context;
  const place = range && { offset: range.start, length: lengthOf(range) };
  try {
    if (range?.start === writer.size) requireRangeLength(req, range);
    await writer.append(contentOf(req), place);
  } catch (error) {
    // Without space the session is over.
    if (!RegistryError.is(error, 'STORAGE_FULL')) describeSession(call, writer);
    throw error;
  }
}

function describeSession({ context, settings, repository }: RepositoryCall, status: UploadStatus) {
  const path = routes.upload.format({ name: repository.name, id: status.id });
  context.set('Location', settings.urls.locate(context, path));
  // An empty session has no last byte; `0-0` is the custom.
  context.set('Range', `0-${Math.max(status.size - 1, 0)}`);
  context.set('Docker-Upload-Uuid', status.id);
}

function answerStored({ context, settings, repository }: RepositoryCall, digest: Digest): void {
  const path = routes.blob.format({ name: repository.name, digest });
  context.set('Location', settings.urls.locate(context, path));
  context.set('Docker-Content-Digest', digest);
  answerEmpty(context, 201);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function sessionId({ parameters }: UploadCall): string {
  if (UUID.test(parameters.id)) return parameters.id;
  throw new RegistryError('BLOB_UPLOAD_UNKNOWN', { detail: { id: parameters.id.slice(0, 64) } });
}

/** A digest to store content under: one that it can be checked against. */
function parseNewDigest(text: string | null): Digest {
  if (text === null) throw new RegistryError('DIGEST_INVALID', { message: 'digest missing' });
  const digest = parseDigest(text);
  supportedAlgorithmOf(digest);
  return digest;
}
