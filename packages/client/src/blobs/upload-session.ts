import { OCTET_STREAM, type Digest, type RepositoryName } from '@purser/core';
import { Attempts } from './attempts.ts';
import type { Connection } from '../connection.ts';
import { invalidResponse, wrongDigest } from '../response-errors.ts';
import { responseUrl } from '../response-url.ts';
import { deleting, pushing } from '../scopes.ts';
import { discard } from '../transport/read-body.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { RequestBody, TransportResponse } from '../transport/transport.ts';

/** How long a registry may take to cancel what nobody waits for. */
const CANCEL_WITHIN_MS = 10_000;

export interface SessionOptions {
  readonly connection: Connection;
  readonly name: RepositoryName;
}

export interface FinishOptions {
  /** What is still to be sent. */
  readonly content?: { readonly body: RequestBody; readonly length: number } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An upload that a registry has begun. Its URL changes with every answer. */
export class UploadSession {
  readonly id: string;
  readonly startedAt: Date;
  /** The shortest part that the registry takes in bytes, but for the last; 0 when it takes any. */
  readonly minimumPart: number;
  /** Bytes that the registry holds, as far as is known. */
  size: number;
  readonly #connection: Connection;
  readonly #name: RepositoryName;
  #location: URL;

  /**
   * @throws RegistryClientError `RESPONSE_INVALID` when the answer names no session, or demands larger parts than may be
   * kept in memory.
   */
  constructor(
    response: TransportResponse,
    { connection, name, startedAt }: SessionOptions & { startedAt: Date },
  ) {
    this.#connection = connection;
    this.#name = name;
    this.startedAt = startedAt;
    this.#location = locationOf(response);
    this.id = response.headers.get('docker-upload-uuid') ?? lastComponent(this.#location);
    this.minimumPart = minimumPartOf(response, connection.maximumChunkSize);
    this.size = storedSize(response) ?? 0;
  }

  /**
   * Sends bytes to the end of the upload, in several requests when some were cut.
   *
   * @throws RegistryClientError `UPLOAD_OUT_OF_ORDER` when the registry holds more or less than is known here.
   */
  async send(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const attempts = new Attempts();
    const start = this.size;
    const end = start + bytes.byteLength;
    while (this.size < end) {
      const before = this.size;
      await this.#patch(bytes.subarray(before - start), { signal, attempts });
      if (this.size < start || this.size > end) throw lies(this.size, { start, end });
      if (this.size <= before) attempts.fail(lies(this.size, { start, end }), this.size);
    }
  }

  async #patch(
    part: Uint8Array,
    { signal, attempts }: { signal: AbortSignal | undefined; attempts: Attempts },
  ): Promise<void> {
    const end = this.size + part.byteLength;
    let response: TransportResponse;
    try {
      response = await this.#connection.transport.send({
        method: 'PATCH',
        url: this.#location,
        headers: {
          'Content-Type': OCTET_STREAM,
          'Content-Range': `${this.size}-${end - 1}`,
        },
        body: part,
        scopes: pushing(this.#name),
        expect: [202, 416],
        codes: { 404: 'BLOB_UPLOAD_UNKNOWN' },
        signal,
      });
    } catch (error) {
      await this.recover(error, attempts, signal);
      return;
    }
    await discard(response);
    this.#adopt(response);
    if (response.status === 416) {
      this.size = storedSize(response) ?? this.size;
      throw outOfOrder(this.size);
    }
    // A registry that does not say how much it holds took what it was given.
    this.size = storedSize(response) ?? end;
  }

  /**
   * Asks after a failure how far the upload came.
   *
   * @throws The failure, when it is not one that passes, there were too many, or the session cannot be asked for.
   */
  async recover(error: unknown, attempts: Attempts, signal?: AbortSignal): Promise<void> {
    if (!RegistryClientError.is(error) || !error.retryable) throw error;
    attempts.fail(error, this.size);
    await this.status(signal);
  }

  /**
   * Asks how many bytes the registry holds.
   *
   * @throws RegistryClientError `BLOB_UPLOAD_UNKNOWN`.
   * @see OCI distribution-spec, end-13.
   */
  async status(signal?: AbortSignal): Promise<number> {
    const response = await askStatus(this.#connection, {
      name: this.#name,
      url: this.#location,
      signal,
    });
    this.#adopt(response);
    const stored = storedSize(response);
    if (stored === undefined) throw invalidResponse('the status of an upload has no valid Range');
    // An upload of one byte looks like an empty one; only who sent it knows.
    if (stored !== 0 || this.size !== 1) this.size = stored;
    return this.size;
  }

  /**
   * Ends the upload, with what is still to be sent.
   *
   * @throws RegistryClientError `DIGEST_INVALID` when the content does not match, or the registry says that it stored
   * something else; `BLOB_UPLOAD_UNKNOWN`.
   * @see OCI distribution-spec, end-6.
   */
  async finish(digest: Digest, { content, signal }: FinishOptions = {}): Promise<void> {
    const length = content?.length ?? 0;
    const range = { 'Content-Range': `${this.size}-${this.size + length - 1}` };
    const response = await this.#connection.transport.send({
      method: 'PUT',
      url: withDigest(this.#location, digest),
      headers: {
        'Content-Type': OCTET_STREAM,
        ...(length > 0 && this.size > 0 && range),
      },
      body: content?.body ?? new Uint8Array(),
      contentLength: length,
      scopes: pushing(this.#name),
      expect: [201],
      codes: { 404: 'BLOB_UPLOAD_UNKNOWN', 416: 'UPLOAD_OUT_OF_ORDER' },
      signal,
    });
    await discard(response);
    checkStored(response, digest);
  }

  /** Tells the registry to forget the upload. Never fails: a registry forgets in the end by itself. */
  async cancel(): Promise<void> {
    try {
      const response = await this.#connection.transport.send({
        method: 'DELETE',
        url: this.#location,
        scopes: deleting(this.#name),
        expect: [200, 202, 204],
        signal: AbortSignal.timeout(CANCEL_WITHIN_MS),
      });
      await discard(response);
    } catch {
      // What is left expires at the registry.
    }
  }

  #adopt(response: TransportResponse): void {
    if (response.headers.get('location') !== undefined) this.#location = locationOf(response);
  }
}

export interface StatusRequest {
  readonly name: RepositoryName;
  readonly url: URL;
  readonly signal?: AbortSignal | undefined;
}

/** @throws RegistryClientError `BLOB_UPLOAD_UNKNOWN`. */
export async function askStatus(
  connection: Connection,
  { name, url, signal }: StatusRequest,
): Promise<TransportResponse> {
  const response = await connection.transport.send({
    method: 'GET',
    url,
    scopes: pushing(name),
    expect: [204],
    // distribution does not find a session by its id alone.
    codes: { 400: 'BLOB_UPLOAD_UNKNOWN', 404: 'BLOB_UPLOAD_UNKNOWN' },
    signal,
  });
  await discard(response);
  return response;
}

/** @throws RegistryClientError `DIGEST_INVALID` when the registry says that it stored something else. */
export function checkStored({ headers }: TransportResponse, digest: Digest): void {
  const said = headers.get('docker-content-digest');
  const algorithm = digest.slice(0, digest.indexOf(':') + 1);
  if (said !== undefined && said.startsWith(algorithm) && said !== digest) {
    throw wrongDigest(digest, 'what the registry says that it stored');
  }
}

/** What the registry put into the query stays as it is, to the letter. */
function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}

function locationOf({ headers, url }: TransportResponse): URL {
  return responseUrl(headers.get('location'), url, 'Location');
}

function lastComponent({ pathname }: URL): string {
  return pathname.slice(pathname.lastIndexOf('/') + 1);
}

/** `0-<last byte>`. `0-0` stands for nothing, and for one byte. */
function storedSize({ headers }: TransportResponse): number | undefined {
  const match = /^(?:bytes[= ])?0-([0-9]{1,15})$/.exec(headers.get('range') ?? '');
  const last = match?.[1] === undefined ? undefined : Number(match[1]);
  return last === undefined ? undefined : last === 0 ? 0 : last + 1;
}

/** A part is kept in memory until it is stored, so that a registry must not choose its size without a bound. */
function minimumPartOf({ headers, url }: TransportResponse, maximum: number): number {
  const text = headers.get('oci-chunk-min-length') ?? '';
  if (!/^[0-9]+$/.test(text)) return 0;
  if (Number(text) <= maximum) return Number(text);
  throw invalidResponse(
    `${url.host} demands upload parts of at least ${text.slice(0, 40)} bytes (OCI-Chunk-Min-Length), which is more than maximumChunkSize, ${maximum}`,
  );
}

export function outOfOrder(size: number): RegistryClientError {
  return new RegistryClientError('UPLOAD_OUT_OF_ORDER', { detail: { size } });
}

function lies(size: number, { start, end }: { start: number; end: number }): RegistryClientError {
  return invalidResponse(
    `the registry says that it holds ${size} bytes of an upload that has ${start} to ${end}`,
  );
}
