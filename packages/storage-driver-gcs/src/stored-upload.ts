/** What an upload session takes in every request but the last: multiples of 256 KiB. */
export const CHUNK_ALIGNMENT = 256 * 1024;

/** Of a file that is complete. */
export const FILE_CONTENT_TYPE = 'application/octet-stream';

/** Of an object that stands for an upload which is not complete. */
export const UPLOAD_CONTENT_TYPE = 'application/x-docker-upload-session';

/**
 * Where an unfinished upload has got to. It is kept as an object under the path of the file: the rest that fills no
 * 256 KiB is its content, this its metadata.
 *
 * @see distribution, registry/storage/driver/gcs/gcs.go, `Close`.
 */
export interface StoredUpload {
  /** `undefined` when no session was needed yet: then the object holds every byte. */
  readonly sessionUri: string | undefined;
  /** Bytes that the session has. */
  readonly offset: number;
  /** Of those bytes; `undefined` when it is not known, as with an upload that distribution began. */
  readonly crc32c: string | undefined;
}

export function formatStoredUpload({
  sessionUri,
  offset,
  crc32c,
}: StoredUpload): Record<string, string> {
  const metadata = { 'Session-URI': sessionUri ?? '', Offset: String(offset) };
  return crc32c === undefined ? metadata : { ...metadata, Crc32c: crc32c };
}

/** @returns `undefined` when the metadata is not that of an upload. */
export function parseStoredUpload(
  metadata: Readonly<Record<string, unknown>>,
): StoredUpload | undefined {
  const { 'Session-URI': uri, Offset: text = '', Crc32c: crc32c } = metadata;
  const offset = text === '' ? 0 : Number(text);
  if (!Number.isSafeInteger(offset) || offset < 0) return undefined;
  const sessionUri = typeof uri === 'string' && uri !== '' ? uri : undefined;
  if (sessionUri === undefined && offset > 0) return undefined;
  return { sessionUri, offset, crc32c: typeof crc32c === 'string' ? crc32c : undefined };
}
