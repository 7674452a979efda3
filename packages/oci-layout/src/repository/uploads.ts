import { randomUUID } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import {
  Digester,
  Exclusive,
  RegistryError,
  type BlobWriter,
  type CreateUploadOptions,
  type OperationOptions,
  type UploadStatus,
} from '@purser/core';
import { isErrno } from '../directory/errno.ts';
import { writableFiles, type LayoutFiles, type WritableLayoutFiles } from '../layout-files.ts';
import { LayoutBlobWriter } from './blob-writer.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The upload sessions of a layout: each is a file of its own name, so that another process can go on with it. What has
 * been hashed is remembered in this process alone; elsewhere the content is read again at commit.
 */
export class LayoutUploads {
  readonly #files: LayoutFiles;
  readonly #sessions = new Exclusive();
  readonly #digesters = new Map<string, Digester>();

  constructor(files: LayoutFiles) {
    this.#files = files;
  }

  async create({ algorithm, signal }: CreateUploadOptions = {}): Promise<BlobWriter> {
    signal?.throwIfAborted();
    const id = randomUUID();
    const path = await writableFiles(this.#files).prepareTemporary(id);
    await (await open(path, 'wx')).close();
    this.#digesters.set(id, new Digester(algorithm));
    return this.resume(id, { signal });
  }

  async resume(id: string, options: OperationOptions = {}): Promise<BlobWriter> {
    const files = writableFiles(this.#files);
    const release = await this.#sessions.acquire(id, options);
    try {
      const status = await this.status(id);
      return new LayoutBlobWriter(status, {
        files,
        handle: await open(files.temporaryPath(id), 'r+'),
        digester: this.#digesters.get(id),
        release,
        end: () => this.#end(files, id),
      });
    } catch (error) {
      release();
      throw error;
    }
  }

  async status(id: string, { signal }: OperationOptions = {}): Promise<UploadStatus> {
    signal?.throwIfAborted();
    if (!UUID.test(id)) throw unknownUpload(id);
    try {
      const { birthtime, size } = await stat(writableFiles(this.#files).temporaryPath(id));
      return { id, startedAt: birthtime, size };
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw unknownUpload(id, error);
      throw error;
    }
  }

  async #end(files: WritableLayoutFiles, id: string): Promise<void> {
    this.#digesters.delete(id);
    await rm(files.temporaryPath(id), { force: true });
  }
}

function unknownUpload(id: string, cause?: unknown): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', { detail: { id: id.slice(0, 64) }, cause });
}
