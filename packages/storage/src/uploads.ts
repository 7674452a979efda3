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

/** Requests that can wait for one session. A client that lost its connection and retries needs one. */
const MAXIMUM_WAITING_FOR_ONE = 4;

/** Requests that can wait for sessions in all: each holds a connection, and the content that has arrived. */
const MAXIMUM_WAITING = 64;

/** What the uploads of all repositories share. */
export class UploadSessions {
  /** By the directories of sessions. */
  readonly held: Exclusion;
  /** Requests that wait, by the directories of their sessions. */
  readonly #waiting = new Map<string, number>();
  #waitingInAll = 0;
  readonly digests = new RunningDigests();
  readonly algorithms = new UploadAlgorithms();

  constructor(held: Exclusion) {
    this.held = held;
  }

  /**
   * Holds a session, once no other request does.
   *
   * @returns Releases the session.
   * @throws RegistryError `TOOMANYREQUESTS` when too many requests wait already.
   */
  async hold(directory: string, options?: OperationOptions): Promise<() => void> {
    if (!this.held.isHeld(directory)) return this.held.acquire(directory, options);
    const waiting = this.#waiting.get(directory) ?? 0;
    if (waiting >= MAXIMUM_WAITING_FOR_ONE || this.#waitingInAll >= MAXIMUM_WAITING) {
      const message = 'other requests are writing to this upload: retry later';
      throw new RegistryError('TOOMANYREQUESTS', { message });
    }
    this.#count(directory, 1);
    try {
      return await this.held.acquire(directory, options);
    } finally {
      this.#count(directory, -1);
    }
  }

  #count(directory: string, change: 1 | -1): void {
    this.#waitingInAll += change;
    const waiting = (this.#waiting.get(directory) ?? 0) + change;
    if (waiting > 0) this.#waiting.set(directory, waiting);
    else this.#waiting.delete(directory);
  }
}

export interface UploadsOptions {
  readonly driver: StorageDriver;
  readonly name: RepositoryName;
  readonly sessions: UploadSessions;
  readonly report: DamageReporter;
  readonly onLeftover: UploadWriterOptions['onLeftover'];
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
    const start = Buffer.from(formatStart(startedAt));
    try {
      await driver.putContent(paths.startedAt, start, { durable: false, signal });
    } catch (error) {
      // An empty directory takes space, too.
      if (RegistryError.is(error, 'STORAGE_FULL'))
        await driver.delete(paths.directory).catch(() => {});
      throw error;
    }
    sessions.digests.keep(
      paths.directory,
      new ContentDigester(algorithm ?? sessions.algorithms.of(name)),
    );
    const release = await sessions.hold(paths.directory, { signal });
    return this.#writer({ id, startedAt, size: 0, paths }, { release });
  }

  async resume(id: string, options?: OperationOptions): Promise<BlobWriter> {
    const paths = this.#paths(id);
    const release = await this.#options.sessions.hold(paths.directory, options);
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
    const { driver, sessions, adopt, name, onLeftover } = this.#options;
    return new UploadWriter(upload, {
      driver,
      onLeftover,
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
