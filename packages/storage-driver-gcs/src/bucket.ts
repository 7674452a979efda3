import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { File, GetFilesOptions } from '@google-cloud/storage';
import type { Dispatcher } from 'undici';
import { checkCrc32c, crc32cOf, formatCrc32c, updateCrc32c } from './crc32c.ts';
import { isAmbiguous, statusOf } from './errors.ts';
import { successOf, type OwnRequest, type Requests } from './requests.ts';

/** What the bucket tells of an object. */
export interface ObjectState {
  /** Bytes. */
  readonly size: number;
  readonly generation: string;
  readonly updatedAt: Date;
  readonly contentType: string | undefined;
  readonly crc32c: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What of an object is read. */
export interface ObjectRange {
  readonly offset: number;
  /** `Infinity` to read to the end. */
  readonly length: number;
  /** Only of this generation: when the object is another by now, it is not found. */
  readonly generation?: string | undefined;
}

export interface InsertOptions {
  readonly contentType: string;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Only when the object is this generation, `0` for none. */
  readonly ifGenerationMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ListQuery = Pick<
  GetFilesOptions,
  'prefix' | 'delimiter' | 'startOffset' | 'maxResults' | 'pageToken'
>;

/** What listings need of a bucket. */
export type ListableBucket = Pick<Bucket, 'list' | 'stat'>;

/** A page of a listing, in the order of keys. */
export interface ListPage {
  readonly keys: readonly string[];
  /** With their delimiter at the end. */
  readonly prefixes: readonly string[];
  readonly nextPageToken: string | undefined;
}

/**
 * The objects of one bucket by their names. Every call is tried again when that may help. A signal ends a read at once; a
 * change that is on its way is waited for, so that whoever is told of the end knows that it did not happen.
 */
export class Bucket {
  readonly requests: Requests;
  readonly name: string;
  /** False once the service has refused a batch of requests: some proxies and emulators know none. */
  acceptsBatches = true;

  constructor(requests: Requests, name: string) {
    this.requests = requests;
    this.name = name;
  }

  /** The path of an object's resource below the endpoint. */
  resourceOf(key: string): string {
    return `/storage/v1/b/${this.name}/o/${encodeURIComponent(key)}`;
  }

  async stat(key: string, signal?: AbortSignal): Promise<ObjectState | undefined> {
    try {
      const [resource] = await this.#call(key, (file) => file.getMetadata(), signal);
      return stateOf(resource);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Asks for the bytes of a range once; 404 and 416 are errors with that status. */
  async readOnce(
    key: string,
    range: ObjectRange,
    signal?: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { offset, length, generation } = range;
    const query = generation === undefined ? '' : `&generation=${generation}`;
    const isWhole = offset === 0 && length === Infinity;
    const last = Math.min(offset + length - 1, Number.MAX_SAFE_INTEGER);
    const end = length === Infinity ? '' : last;
    return successOf(
      await this.requests.send({
        method: 'GET',
        to: `${this.resourceOf(key)}?alt=media${query}`,
        headers: isWhole ? {} : { range: `bytes=${offset}-${end}` },
        signal,
      }),
    );
  }

  /** Reads an object whole, and compares its checksum. */
  async readAll(
    key: string,
    { generation, signal }: Pick<ObjectRange, 'generation'> & { signal?: AbortSignal | undefined },
  ): Promise<{ readonly content: Uint8Array; readonly headers: IncomingHttpHeaders }> {
    return this.requests.retry.run(async () => {
      const range = { offset: 0, length: Infinity, generation };
      const { body, headers } = await this.readOnce(key, range, signal);
      const content = new Uint8Array(await body.arrayBuffer());
      const expected = crc32cOf([headers['x-goog-hash']].flat().join(','));
      checkCrc32c(expected, updateCrc32c(0, content));
      return { content, headers };
    }, signal);
  }

  /**
   * Creates or replaces an object with one request. The service checks the bytes by their CRC32C.
   *
   * @throws An error with status 412 when the object is not of the generation asked for.
   */
  async insert(key: string, content: Uint8Array, options: InsertOptions): Promise<ObjectState> {
    const crc32c = formatCrc32c(updateCrc32c(0, content));
    const request = insertRequest({ key, bucket: this.name, content, crc32c }, options);
    let mayBeDone = false;
    return this.requests.retry.run(async (before) => {
      mayBeDone ||= isAmbiguous(before);
      try {
        const { body } = await successOf(await this.requests.send(request));
        return stateOf(await body.json());
      } catch (error) {
        // An attempt whose answer got lost makes the next one find its own object.
        const found =
          mayBeDone && statusOf(error) === 412 ? await this.stat(key, options.signal) : undefined;
        if (found?.crc32c === crc32c && found.size === content.byteLength) return found;
        throw error;
      }
    }, options.signal);
  }

  async list(query: ListQuery, signal?: AbortSignal): Promise<ListPage> {
    const fields = 'items(name),prefixes,nextPageToken';
    const [files, , response] = await this.requests.retry.run(
      () =>
        this.requests.call(
          (storage) =>
            storage.bucket(this.name).getFiles({ ...query, fields, autoPaginate: false }),
          signal,
        ),
      signal,
    );
    const { prefixes = [], nextPageToken } = (response ?? {}) as Partial<ListPage>;
    return { keys: files.map(({ name }) => name), prefixes, nextPageToken };
  }

  /**
   * Copies an object within the service, metadata and all. The service may do a large one in steps, each of which is
   * bounded and tried again by itself.
   */
  async copy(source: string, destination: string, signal?: AbortSignal): Promise<void> {
    const target = `${this.resourceOf(source)}/rewriteTo${this.resourceOf(destination).slice('/storage/v1'.length)}`;
    for (let token: string | undefined = ''; token !== undefined;) {
      const query = token === '' ? '' : `?rewriteToken=${encodeURIComponent(token)}`;
      token = await this.requests.retry.run(async () => {
        const request = { method: 'POST', to: `${target}${query}`, body: '' } as const;
        const { body } = await successOf(await this.requests.send(request));
        return nextTokenOf((await body.json()) as RewriteStep);
      }, signal);
    }
  }

  /** @returns Whether there was something to remove. */
  async remove(
    key: string,
    { signal, generation }: { signal?: AbortSignal | undefined; generation?: string } = {},
  ): Promise<boolean> {
    let mayBeDone = false;
    return this.requests.retry.run(async (before) => {
      mayBeDone ||= isAmbiguous(before);
      try {
        const options = generation === undefined ? {} : { ifGenerationMatch: generation };
        await this.requests.call((storage) => storage.bucket(this.name).file(key).delete(options));
        return true;
      } catch (error) {
        if (isMissing(error)) return mayBeDone;
        throw error;
      }
    }, signal);
  }

  /** Begins a resumable upload. @returns The URL of its session, which lives for a week. */
  async startSession(key: string, contentType: string): Promise<string> {
    const [uri] = await this.#call(key, (file) =>
      file.createResumableUpload({ metadata: { contentType } }),
    );
    return uri;
  }

  #call<T>(key: string, work: (file: File) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.requests.retry.run(
      () => this.requests.call((storage) => work(storage.bucket(this.name).file(key)), signal),
      signal,
    );
  }
}

/** Whether an object is not there; a bucket that is not there is another matter. */
function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && !/bucket does not exist/i.test((error as Error).message);
}

/** Reads the resource that the service gives for an object. */
export function stateOf(resource: unknown): ObjectState {
  const { size, generation, updated, contentType, crc32c, metadata } = resource as Record<
    string,
    unknown
  >;
  return {
    size: Number(size ?? 0),
    generation: String(generation),
    updatedAt: new Date(String(updated)),
    contentType: typeof contentType === 'string' ? contentType : undefined,
    crc32c: typeof crc32c === 'string' ? crc32c : undefined,
    metadata: (metadata ?? {}) as Record<string, unknown>,
  };
}

/** How far a copy has come. @see Cloud Storage documentation, "Objects: rewrite". */
interface RewriteStep {
  readonly done?: boolean;
  readonly rewriteToken?: string;
}

/** What the next step is asked with; `undefined` after the last. A copy that is not whole never passes for one. */
function nextTokenOf({ done, rewriteToken }: RewriteStep): string | undefined {
  if (done === true) return undefined;
  if (rewriteToken) return rewriteToken;
  throw new Error('the service did not end a copy, and does not say how to go on');
}

interface InsertedObject {
  readonly bucket: string;
  readonly key: string;
  readonly content: Uint8Array;
  readonly crc32c: string;
}

function insertRequest(
  { bucket, key, content, crc32c }: InsertedObject,
  { contentType, metadata, ifGenerationMatch }: InsertOptions,
): OwnRequest {
  const boundary = `part-${randomUUID()}`;
  const resource = JSON.stringify({ name: key, contentType, crc32c, metadata });
  const condition =
    ifGenerationMatch === undefined ? '' : `&ifGenerationMatch=${ifGenerationMatch}`;
  return {
    method: 'POST',
    to: `/upload/storage/v1/b/${bucket}/o?uploadType=multipart&name=${encodeURIComponent(key)}${condition}`,
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: Buffer.concat([
      Buffer.from(
        `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${resource}\r\n` +
          `--${boundary}\r\nContent-Type: ${contentType}\r\n\r\n`,
      ),
      content,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  };
}
