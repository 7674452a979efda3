import {
  digestOf,
  OCTET_STREAM,
  routes,
  type Digest,
  type DigestAlgorithm,
  type OperationOptions,
  type RepositoryName,
} from '@purser/core';
import type { Connection } from '../connection.ts';
import type { UploadTarget } from './push-blob.ts';
import { pushing } from '../scopes.ts';
import { discard } from '../transport/read-body.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { TransportResponse } from '../transport/transport.ts';
import { askStatus, checkStored, UploadSession } from './upload-session.ts';
import { UploadWriter } from './upload-writer.ts';

/** Ids that are one component of a path, and no step in it. */
const UPLOAD_ID = /^(?!\.+$)[A-Za-z0-9._~=+-]{1,500}$/;

export type Stat = (digest: Digest, options?: OperationOptions) => Promise<unknown>;

/** The ways to begin an upload in one repository, and to find one that was begun. */
export class Uploads implements UploadTarget {
  readonly #connection: Connection;
  readonly #name: RepositoryName;
  readonly #stat: Stat;

  constructor(connection: Connection, name: RepositoryName, stat: Stat) {
    this.#connection = connection;
    this.#name = name;
    this.#stat = stat;
  }

  get chunkSize(): number {
    return this.#connection.chunkSize;
  }

  /** @see OCI distribution-spec, end-4a, end-4c. */
  async begin({
    algorithm,
    signal,
  }: OperationOptions & { algorithm?: DigestAlgorithm | undefined } = {}): Promise<UploadSession> {
    const query = new URLSearchParams(
      algorithm === undefined ? {} : { 'digest-algorithm': algorithm },
    );
    return this.#session(await this.#start(query, { signal, expect: [202] }));
  }

  /**
   * Sends a blob in one request, to a registry that is not known to refuse that.
   *
   * @returns The session to go on with, when the registry began one instead.
   * @see OCI distribution-spec, end-4b.
   */
  async post(
    content: Uint8Array,
    { signal }: OperationOptions = {},
  ): Promise<UploadSession | 'stored'> {
    if (this.#connection.takesSinglePost === false) return this.begin({ signal });
    const digest = digestOf(content);
    const response = await this.#start(new URLSearchParams({ digest }), { body: content, signal });
    this.#connection.takesSinglePost = response.status === 201;
    if (response.status === 202) return this.#session(response);
    checkStored(response, digest);
    return 'stored';
  }

  /**
   * @returns The session that the registry began instead, if it did.
   * @see OCI distribution-spec, end-11.
   */
  async mount(
    digest: Digest,
    { from, signal }: OperationOptions & { from: RepositoryName | 'anywhere' },
  ): Promise<UploadSession | 'mounted' | undefined> {
    const source = from === 'anywhere' ? undefined : from;
    const query = new URLSearchParams({ mount: digest, ...(source && { from: source }) });
    try {
      const response = await this.#start(query, { from: source, signal });
      return response.status === 202 ? this.#session(response) : 'mounted';
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  /** A session that this client began, or one that the registry finds by its id alone, of which nobody knows when it began. */
  async find(id: string, { signal }: OperationOptions = {}): Promise<UploadSession> {
    signal?.throwIfAborted();
    const known = this.#connection.sessions.get(this.#name, id);
    if (known !== undefined) {
      await known.status(signal);
      return known;
    }
    if (!UPLOAD_ID.test(id)) {
      throw new RegistryClientError('BLOB_UPLOAD_UNKNOWN', { detail: { id: id.slice(0, 64) } });
    }
    const url = this.#connection.url(routes.upload.format({ name: this.#name, id }));
    const response = await askStatus(this.#connection, { name: this.#name, url, signal });
    return this.#session(response, new Date(0));
  }

  writer(session: UploadSession): UploadWriter {
    const { sessions, chunkSize } = this.#connection;
    sessions.add(this.#name, session);
    return new UploadWriter(session, {
      chunkSize,
      isStored: (digest, options) => this.isStored(digest, options),
      forget: () => sessions.delete(this.#name, session.id),
    });
  }

  async isStored(digest: Digest, options?: OperationOptions): Promise<boolean> {
    return (await this.#stat(digest, options)) !== undefined;
  }

  async #start(query: URLSearchParams, start: StartUpload): Promise<TransportResponse> {
    const { body, from, expect = [201, 202], signal } = start;
    const response = await this.#connection.transport.send({
      method: 'POST',
      url: this.#connection.url(routes.uploads.format({ name: this.#name }), query),
      headers: body === undefined ? {} : { 'Content-Type': OCTET_STREAM },
      body: body ?? new Uint8Array(),
      scopes: pushing(this.#name, from),
      expect,
      // Content is stored once, however often it is sent; a session that nobody knows of expires.
      repeatable: true,
      signal,
    });
    await discard(response);
    return response;
  }

  #session(response: TransportResponse, startedAt = new Date()): UploadSession {
    const [connection, name] = [this.#connection, this.#name];
    return new UploadSession(response, { connection, name, startedAt });
  }
}

interface StartUpload extends OperationOptions {
  readonly body?: Uint8Array | undefined;
  readonly from?: RepositoryName | undefined;
  readonly expect?: readonly number[] | undefined;
}

/** Whether a registry will not mount, though it may take an upload. Rights to the source are no business of the target. */
function isRefusal(error: unknown): boolean {
  if (!RegistryClientError.is(error) || error.status === undefined) return false;
  return error.status >= 400 && error.status < 500 && error.status !== 429 && !error.retryable;
}
