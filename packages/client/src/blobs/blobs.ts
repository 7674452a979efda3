import type { Readable } from 'node:stream';
import {
  Digester,
  digestOf,
  OCTET_STREAM,
  routes,
  type BlobStore,
  type BlobWriter,
  type CreateUploadOptions,
  type DescribedBlob,
  type DescribedBlobProvider,
  type Descriptor,
  type Digest,
  type DigestAlgorithm,
  type LocateOptions,
  type MountOptions,
  type OpenOptions,
  type OperationOptions,
  type PutBlobOptions,
  type RepositoryName,
  type UploadStatus,
} from '@purser/core';
import { contentLength, unknownBlobCodes } from './blob-part.ts';
import { readBlob, readSizedBlob } from './blob-reader.ts';
import type { Connection } from '../connection.ts';
import {
  uploadBlob,
  type BlobContent,
  type PushBlobOptions,
  type PushOutcome,
} from './push-blob.ts';
import { invalidResponse } from '../response-errors.ts';
import { responseUrl } from '../response-url.ts';
import { deleting, pulling } from '../scopes.ts';
import { discard } from '../transport/read-body.ts';
import { RegistryClientError } from '../transport/registry-client-error.ts';
import type { Transport } from '../transport/transport.ts';
import { checkStored } from './upload-session.ts';
import { Uploads } from './uploads.ts';

export interface OpenRemoteBlobOptions extends OpenOptions {
  /** The size that the blob has to have, in bytes: a longer one fails with `SIZE_INVALID`. Unchecked when absent. */
  readonly size?: number | undefined;
}

export interface UploadContentOptions extends OperationOptions {
  /** The algorithm of the blob's digest. Default sha256. */
  readonly algorithm?: DigestAlgorithm | undefined;
  /** Told the bytes sent so far. It must not throw. */
  readonly onProgress?: ((sent: number) => void) | undefined;
}

const REDIRECTS = [301, 302, 303, 307, 308];

/** The blobs of one repository of a remote registry. */
export class RemoteBlobs implements BlobStore, DescribedBlobProvider {
  readonly #connection: Connection;
  readonly #name: RepositoryName;
  readonly #uploads: Uploads;

  constructor(connection: Connection, name: RepositoryName) {
    this.#connection = connection;
    this.#name = name;
    // That a mirror has a blob says nothing of the registry that it is pushed to.
    this.#uploads = new Uploads(connection, name, (digest, options) =>
      this.#stat(digest, { ...options, transport: connection.direct }),
    );
  }

  /** @throws RegistryClientError `RESPONSE_INVALID` when the registry does not say how long the blob is. */
  async stat(digest: Digest, options?: OperationOptions): Promise<Descriptor | undefined> {
    return this.#stat(digest, { ...options, transport: this.#connection.transport });
  }

  async #stat(
    digest: Digest,
    { transport, signal }: OperationOptions & { readonly transport: Transport },
  ): Promise<Descriptor | undefined> {
    const response = await transport
      .send({ ...this.#address(digest, signal), method: 'HEAD', expect: [200] })
      .catch(undefinedIfUnknown);
    if (response === undefined) return undefined;
    await discard(response);
    checkStored(response, digest);
    const size = contentLength(response);
    if (size !== undefined) return { mediaType: OCTET_STREAM, digest, size };
    throw invalidResponse(`the registry does not say how long ${digest} is`);
  }

  /**
   * A whole blob is verified while it flows: the stream fails with `DIGEST_INVALID` before its last chunk when the
   * content is not what the digest names. A range cannot be verified. A transfer that is cut goes on where it ended.
   */
  async open(
    digest: Digest,
    { range, size, signal }: OpenRemoteBlobOptions = {},
  ): Promise<Readable> {
    const address = { connection: this.#connection, name: this.#name, digest, signal };
    return readBlob(address, { range, size });
  }

  /**
   * One request, as `open`; two when the registry does not say how long what it sends is.
   *
   * @throws RegistryClientError `RESPONSE_INVALID` when it does not say so when it is asked for that alone, either.
   */
  async openDescribed(digest: Digest, { signal }: OperationOptions = {}): Promise<DescribedBlob> {
    const address = { connection: this.#connection, name: this.#name, digest, signal };
    const { content, total } = await readSizedBlob(address);
    if (total !== undefined) {
      return { descriptor: { mediaType: OCTET_STREAM, digest, size: total }, content };
    }
    content.destroy();
    const descriptor = await this.stat(digest, { signal });
    if (descriptor === undefined)
      throw new RegistryClientError('BLOB_UNKNOWN', { detail: { digest } });
    return { descriptor, content: await readBlob(address, { size: descriptor.size }) };
  }

  /** Asks the registry, which costs a request. */
  async locate(digest: Digest, { method, signal }: LocateOptions): Promise<URL | undefined> {
    const response = await this.#connection.transport.send({
      ...this.#address(digest, signal),
      method,
      // A registry that sends the blob itself need send no more than a byte of it.
      headers: method === 'GET' ? { Range: 'bytes=0-0' } : {},
      expect: [200, 206, 416, ...REDIRECTS],
      followRedirects: false,
    });
    response.body.destroy();
    if (!REDIRECTS.includes(response.status)) return undefined;
    const url = responseUrl(response.headers.get('location'), response.url, 'Location');
    // At the registry itself the client would need credentials.
    return url.origin === this.#connection.registry.origin ? undefined : url;
  }

  /** In a single request, where the registry takes that. */
  async put(
    content: Uint8Array,
    { mediaType = OCTET_STREAM, signal }: PutBlobOptions = {},
  ): Promise<Descriptor> {
    const blob = {
      mediaType,
      digest: digestOf(content),
      size: content.byteLength,
    };
    const session = await this.#uploads.post(content, { signal });
    if (session === 'stored') return blob;
    const from = (start: number) => inMemory(content.subarray(start));
    await uploadBlob(this.#uploads, { blob, content: from, session, signal });
    return blob;
  }

  /**
   * Sends a blob unless it is there: looks for it, lets it be mounted, and uploads it in one request, or in parts when
   * the registry asks for parts. An upload that is cut goes on where it ended; one that is given up is cancelled.
   *
   * @param content Must give the same bytes each time.
   * @throws RegistryClientError `DIGEST_INVALID` when the content is not what the digest names; `SIZE_INVALID` when it
   * has another size; what the content throws.
   * @see OCI distribution-spec, "Pushing blobs".
   */
  async push(
    blob: Pick<Descriptor, 'digest' | 'size'>,
    content: BlobContent,
    options: PushBlobOptions = {},
  ): Promise<PushOutcome> {
    const { mountFrom: from, mayBePresent = true, onProgress, signal } = options;
    if (mayBePresent && (await this.#uploads.isStored(blob.digest, { signal }))) return 'present';
    const session = from && (await this.#uploads.mount(blob.digest, { from, signal }));
    if (session === 'mounted') return 'mounted';
    await uploadBlob(this.#uploads, { blob, content, session, onProgress, signal });
    return 'uploaded';
  }

  /**
   * Uploads content of unknown length and digest, in parts that are kept in memory until the registry has them.
   *
   * @returns The descriptor, made of what was sent.
   */
  async upload(
    content: AsyncIterable<Uint8Array>,
    { algorithm, onProgress, signal }: UploadContentOptions = {},
  ): Promise<Descriptor> {
    const digester = new Digester(algorithm);
    const writer = await this.create({ algorithm, signal });
    try {
      await writer.append(hashed(content, digester, onProgress), { signal });
    } catch (error) {
      await writer.cancel();
      throw error;
    }
    return writer.commit(digester.digest(), { signal });
  }

  /** Without `from`, nothing is asked when `mayRead` is given: what the registry looks at cannot be told it. */
  async mount(digest: Digest, options: MountOptions): Promise<Descriptor | undefined> {
    const { from = 'anywhere', mayRead, signal } = options;
    if (from === 'anywhere' && mayRead !== undefined) return undefined;
    const session = await this.#uploads.mount(digest, { from, signal });
    if (session === 'mounted') {
      return this.#stat(digest, { transport: this.#connection.direct, signal });
    }
    await session?.cancel();
    return undefined;
  }

  async delete(digest: Digest, { signal }: OperationOptions = {}): Promise<void> {
    const response = await this.#connection.transport.send({
      method: 'DELETE',
      url: this.#connection.url(routes.blob.format({ name: this.#name, digest })),
      scopes: deleting(this.#name),
      expect: [200, 202, 204],
      codes: { 404: 'BLOB_UNKNOWN' },
      signal,
    });
    await discard(response);
  }

  async create(options: CreateUploadOptions = {}): Promise<BlobWriter> {
    return this.#uploads.writer(await this.#uploads.begin(options));
  }

  /**
   * A session that this client did not begin is looked for by its id alone, which some registries cannot do, and seems
   * to have begun in 1970. Two clients can hold one session: the registry refuses what comes out of order.
   */
  async resume(id: string, options?: OperationOptions): Promise<BlobWriter> {
    return this.#uploads.writer(await this.#uploads.find(id, options));
  }

  async uploadStatus(id: string, options?: OperationOptions): Promise<UploadStatus> {
    const { startedAt, size } = await this.#uploads.find(id, options);
    return { id, startedAt, size };
  }

  #address(digest: Digest, signal: AbortSignal | undefined) {
    return {
      url: this.#connection.pullUrl(routes.blob.format({ name: this.#name, digest })),
      scopes: pulling(this.#name),
      codes: unknownBlobCodes(digest),
      signal,
    };
  }
}

function undefinedIfUnknown(error: unknown): undefined {
  if (!RegistryClientError.is(error, 'BLOB_UNKNOWN')) throw error;
}

async function* inMemory(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}

async function* hashed(
  content: AsyncIterable<Uint8Array>,
  digester: Digester,
  onProgress: ((sent: number) => void) | undefined,
): AsyncIterable<Uint8Array> {
  for await (const chunk of content) {
    digester.update(chunk);
    yield chunk;
    onProgress?.(digester.size);
  }
}
