import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, rm, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { RegistryError, type ByteRange } from '@purser/core';
import { hasLayout, LAYOUT_FILE_CONTENT } from '../layout-file.ts';
import { fileTooLarge, type WritableLayoutFiles } from '../layout-files.ts';
import { INGEST_DIRECTORY, LAYOUT_FILE } from '../layout-paths.ts';
import { isErrno, translateErrno } from './errno.ts';

/** Large enough that a layer costs few calls. */
const CHUNK_BYTES = 256 * 1024;

/** The files of a layout in a directory, which need not be there before something is written. */
export class DirectoryFiles implements WritableLayoutFiles {
  readonly #root: string;
  #prepared: Promise<void> | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  async read(path: string, maximumBytes: number): Promise<Uint8Array | undefined> {
    await using handle = await this.#openFile(path);
    if (handle === undefined) return undefined;
    const { size } = await handle.stat();
    if (size > maximumBytes) throw fileTooLarge(path, maximumBytes);
    // It may grow meanwhile: what was not looked at is not read.
    const content = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await handle.read(content, length, size - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return content.subarray(0, length);
  }

  async size(path: string): Promise<number | undefined> {
    const found = await unlessMissing(stat(join(this.#root, path)));
    return found?.isFile() === true ? found.size : undefined;
  }

  async version(path: string): Promise<string | undefined> {
    const found = await unlessMissing(stat(join(this.#root, path), { bigint: true }));
    return found && [found.ino, found.size, found.mtimeNs, found.ctimeNs].join();
  }

  async open(path: string, range?: ByteRange): Promise<Readable | undefined> {
    const handle = await this.#openFile(path);
    return handle?.createReadStream({ ...range, highWaterMark: CHUNK_BYTES });
  }

  async write(path: string, content: Uint8Array): Promise<void> {
    const temporary = await this.prepareTemporary(randomUUID());
    try {
      await writeNew(temporary, content);
      await this.publish(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw translateErrno(error);
    }
  }

  async publish(temporary: string, path: string): Promise<void> {
    const target = join(this.#root, path);
    await mkdir(dirname(target), { recursive: true });
    await rename(temporary, target);
    await syncDirectory(dirname(target));
  }

  async remove(path: string): Promise<boolean> {
    try {
      await unlink(join(this.#root, path));
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  temporaryPath(name: string): string {
    return join(this.#root, INGEST_DIRECTORY, name);
  }

  async prepareTemporary(name: string): Promise<string> {
    this.#prepared ??= this.#prepare();
    try {
      await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
    const path = this.temporaryPath(name);
    await mkdir(dirname(path), { recursive: true });
    return path;
  }

  /** A directory that something is written to is a layout from then on. */
  async #prepare(): Promise<void> {
    await mkdir(join(this.#root, INGEST_DIRECTORY), { recursive: true });
    if (await hasLayout(this, this.#root)) return;
    const temporary = this.temporaryPath(randomUUID());
    await writeNew(temporary, LAYOUT_FILE_CONTENT);
    await this.publish(temporary, LAYOUT_FILE);
  }

  /** Links are followed, since some builders make layouts of links; what is no file then is refused unread. */
  async #openFile(path: string): Promise<FileHandle | undefined> {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const handle = await unlessMissing(open(join(this.#root, path), flags));
    if (handle === undefined) return undefined;
    try {
      if ((await handle.stat()).isFile()) return handle;
      throw new RegistryError('UNSUPPORTED', { message: `${path} is not a file` });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
}

async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function writeNew(path: string, content: Uint8Array): Promise<void> {
  await using handle = await open(path, 'wx');
  await handle.writeFile(content);
  await handle.sync();
}

/** Makes the names in a directory survive a loss of power. */
async function syncDirectory(path: string): Promise<void> {
  // Windows opens no directories.
  if (process.platform === 'win32') return;
  try {
    await using handle = await open(path, 'r');
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot; there is nothing else to do on them.
    if (!isErrno(error, 'ENOENT', 'EINVAL', 'ENOTSUP')) throw error;
  }
}
