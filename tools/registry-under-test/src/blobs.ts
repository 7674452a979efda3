import { createHash } from 'node:crypto';
import type { ContentSource, SampleBlob } from './content.ts';
import { ask, UnexpectedAnswer } from './expectation.ts';
import type { RegistryAnswer, RegistryClient, RegistryRequest } from './registry-client.ts';

/** One repository of one registry, and where content for it comes from. */
export interface BlobTarget {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly source: ContentSource;
}

export function blobPath(repository: string, digest: string): string {
  return `/v2/${repository}/blobs/${digest}`;
}

/**
 * Begins an upload.
 *
 * @returns Where to send the content: a path with its query, good for every registry over the same storage.
 */
export async function startUpload({ client, repository }: BlobTarget): Promise<string> {
  const request = { method: 'POST', path: `/v2/${repository}/blobs/uploads/` };
  return locationOf(request, await ask(client, request, [202]));
}

/** Pushes a blob with one PUT that holds all of it, as containerd and ORAS do. */
export async function pushWhole(target: BlobTarget, blob: SampleBlob): Promise<void> {
  const location = await startUpload(target);
  const content = target.source.chunks(blob);
  await finishUpload(target, { location, blob, content, length: blob.size });
}

/** Pushes a blob with one PATCH in chunked encoding and an empty PUT, as docker does. */
export async function pushStreamed(target: BlobTarget, blob: SampleBlob): Promise<void> {
  const location = await startUpload(target);
  const next = await sendPart(target, { location, content: target.source.chunks(blob) });
  await finishUpload(target, { location: next, blob });
}

export interface UploadPart {
  readonly location: string;
  readonly content: Iterable<Uint8Array>;
  /** The first byte and the one after the last, for `Content-Range`; in chunked encoding without. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

/** Adds content to an upload. @returns The next location. */
export async function sendPart({ client }: BlobTarget, part: UploadPart): Promise<string> {
  const { location, content, range } = part;
  const headers = { 'content-type': 'application/octet-stream', ...contentRange(range) };
  const length = range === undefined ? undefined : range.end - range.start;
  const request = { method: 'PATCH', path: location, headers, body: content, length };
  return locationOf(request, await ask(client, request, [202]));
}

function contentRange(range: UploadPart['range']): Record<string, string> {
  return range === undefined ? {} : { 'content-range': `${range.start}-${range.end - 1}` };
}

export interface UploadEnd {
  readonly location: string;
  readonly blob: { readonly digest: string };
  /** The rest of the blob, if any. */
  readonly content?: Iterable<Uint8Array> | undefined;
  readonly length?: number | undefined;
}

/** Ends an upload. @throws UnexpectedAnswer also when the registry names another digest. */
export async function finishUpload({ client }: BlobTarget, end: UploadEnd): Promise<void> {
  const { location, blob, content, length } = end;
  const path = `${location}${location.includes('?') ? '&' : '?'}digest=${blob.digest}`;
  const headers = { 'content-type': 'application/octet-stream' };
  const request = { method: 'PUT', path, headers, body: content, length };
  const answer = await ask(client, request, [201]);
  if (answer.headers['docker-content-digest'] === blob.digest) return;
  throw new UnexpectedAnswer(request, answer, `Docker-Content-Digest ${blob.digest}`);
}

/**
 * Reads a blob to its end without keeping it.
 *
 * @returns `undefined` when the repository does not hold it.
 */
export async function pullBlob(
  { client, repository }: Omit<BlobTarget, 'source'>,
  digest: string,
): Promise<{ readonly size: number; readonly digest: string } | undefined> {
  const hash = createHash('sha256');
  let size = 0;
  const onContent = (chunk: Buffer) => {
    hash.update(chunk);
    size += chunk.byteLength;
  };
  const request = { method: 'GET', path: blobPath(repository, digest), onContent };
  const { status } = await ask(client, request, [200, 404]);
  return status === 404 ? undefined : { size, digest: `sha256:${hash.digest('hex')}` };
}

/** Where an answer sends the client: path and query, whatever host it names. */
export function locationOf(request: RegistryRequest, answer: RegistryAnswer): string {
  const { location } = answer.headers;
  if (typeof location !== 'string') throw new UnexpectedAnswer(request, answer, 'a Location');
  const { pathname, search } = new URL(location, 'http://registry.invalid');
  return `${pathname}${search}`;
}
