import { randomUUID } from 'node:crypto';
import {
  RegistryError,
  supportedAlgorithmOf,
  type BlobWriter,
  type CreateUploadOptions,
  type Exclusion,
  type OperationOptions,
  type RepositoryName,
  type UploadStatus,
} from '@purser/core';
import { DriverError, type FileWriter, type StorageDriver } from '@purser/storage-driver';
import { UploadWriter, type UploadWriterOptions } from './blob-writer.ts';
import { ContentDigester } from './content-digester.ts';
import type { DamageReporter } from './damage.ts';
import { uploadPaths, type UploadPaths } from './paths.ts';
import { RunningDigests } from './running-digests.ts';
import { UploadAlgorithms } from './upload-algorithms.ts';

export const UPLOAD_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What the uploads of all repositories share. */
export class UploadSessions {
  /** By their directories. */
  readonly held: Exclusion;
  readonly digests = new RunningDigests();
  readonly algorithms = new UploadAlgorithms();

  constructor(held: Exclusion) {
    this.held = held;
  }
}

export interface UploadsOptions {
  readonly driver: StorageDriver;
  readonly name: RepositoryName;
  readonly sessions: UploadSessions;
  readonly report: DamageReporter;
  /** Takes over verified content and links it by the name the client gave. */
  readonly adopt: UploadWriterOptions['adopt'];
}

/** The upload sessions of one repository. All of their state is in storage; what memory adds is speed. */
export class Uploads {
  readonly #options: UploadsOptions;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  async create({ algorithm, signal }: CreateUploadOptions = {}): Promise<BlobWriter> {
    const { driver, name, sessions } = this.#options;
    const id = randomUUID();
    const startedAt = new Date();
    const paths = uploadPaths(name, id);
    // A session need not outlive a loss of power; what is committed must.
    await driver.putContent(paths.startedAt, Buffer.from(formatStart(startedAt)), {
      durable: false,
      signal,
    });
    sessions.digests.keep(
      paths.directory,
      new ContentDigester(algorithm ?? sessions.algorithms.of(name)),
    );
    const release = await sessions.held.acquire(paths.directory, { signal });
    return this.#writer({ id, startedAt, size: 0, paths }, { release });
  }

  async resume(id: string, options?: OperationOptions): Promise<BlobWriter> {
    const paths = this.#paths(id);
    const release = await this.#options.sessions.held.acquire(paths.directory, options);
    try {
      const startedAt = await this.#startOf(id, options);
      const file = await this.#open(paths.data, options);
      const size = file?.size ?? (await this.#sizeOf(paths.data, options));
      return this.#writer({ id, startedAt, size, paths }, { release, file });
    } catch (error) {
      release();
      throw error;
    }
  }

  async status(id: string, options?: OperationOptions): Promise<UploadStatus> {
    const { data } = this.#paths(id);
    const [startedAt, size] = await Promise.all([
      this.#startOf(id, options),
      this.#sizeOf(data, options),
    ]);
    return { id, startedAt, size };
  }

  async #startOf(id: string, options?: OperationOptions): Promise<Date> {
    const { startedAt } = this.#paths(id);
    const text = await this.#text(startedAt, options);
    const start = text === undefined ? undefined : parseStart(text);
    if (text !== undefined && start === undefined) {
      this.#options.report({ path: startedAt, problem: 'upload has no valid start time' });
    }
    if (start === undefined) throw unknownUpload(id);
    return start;
  }

  async #sizeOf(data: string, options?: OperationOptions): Promise<number> {
    return (await this.#options.driver.stat(data, { ...options, only: 'file' }))?.size ?? 0;
  }

  /** Says the size as well, so that storage is asked once. What cannot be opened can still be cancelled. */
  async #open(data: string, { signal }: OperationOptions = {}): Promise<FileWriter | undefined> {
    try {
      return await this.#options.driver.openWriter(data, { append: true });
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  }

  #paths(id: string): UploadPaths {
    if (!UPLOAD_ID.test(id)) throw unknownUpload(id);
    return uploadPaths(this.#options.name, id);
  }

  #writer(
    upload: UploadStatus & { paths: UploadPaths },
    held: Pick<UploadWriterOptions, 'release' | 'file'>,
  ): UploadWriter {
    const { driver, sessions, adopt, name } = this.#options;
    return new UploadWriter(upload, {
      driver,
      digests: sessions.digests,
      ...held,
      async adopt(path, received) {
        await adopt(path, received);
        sessions.algorithms.remember(name, supportedAlgorithmOf(received.name));
      },
    });
  }

  async #text(path: string, options?: OperationOptions): Promise<string | undefined> {
    try {
      return Buffer.from(await this.#options.driver.getContent(path, options)).toString();
    } catch (error) {
      if (DriverError.is(error, 'PATH_NOT_FOUND')) return undefined;
      throw error;
    }
  }
}

/** RFC 3339 in whole seconds, as distribution writes and purges it. */
function formatStart(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

function parseStart(text: string): Date | undefined {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function unknownUpload(id: string): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', { detail: { id: id.slice(0, 64) } });
}
