import { Readable } from 'node:stream';
import { BaseDriver } from './base-driver.ts';
import type { Entry, FileInfo } from './driver.ts';
import type { FileSink } from './file-sink.ts';
import { findNode, MemoryDirectory, namesOf, type MemoryFile } from './memory-tree.ts';
import { joinPath, nameOfPath, parentOfPath } from './path.ts';
import { Refusal } from './refusal.ts';

/** Bytes a reader gives at once. */
const CHUNK_SIZE = 64 * 1024;

/** Keeps bytes in memory, for tests and trials: they are gone with the object. A move leaves empty directories. */
export class MemoryDriver extends BaseDriver {
  readonly name = 'memory';
  readonly #root = new MemoryDirectory();

  protected override async doGetContent(path: string): Promise<Uint8Array> {
    return Buffer.concat(this.#file(path).chunks);
  }

  protected override async doPutContent(path: string, content: Uint8Array): Promise<void> {
    this.#put(path, createFile([Buffer.from(content)]));
  }

  protected override async doCreate(path: string, content: Uint8Array): Promise<boolean> {
    if (findNode(this.#root, path) !== undefined) return false;
    await this.doPutContent(path, content);
    return true;
  }

  protected override async doOpenReader(
    path: string,
    { offset, length }: { offset: number; length: number },
  ): Promise<Readable> {
    const pieces = copyRange(this.#file(path).chunks, offset, offset + length);
    return new Readable({
      highWaterMark: CHUNK_SIZE,
      read() {
        this.push(pieces.next().value ?? null);
      },
    });
  }

  protected override async doOpenWriter(
    path: string,
    { append }: { append: boolean },
  ): Promise<FileSink> {
    const node = append ? findNode(this.#root, path) : undefined;
    const before = node === undefined || node instanceof MemoryDirectory ? createFile([]) : node;
    this.#put(path, before);
    const chunks = [...before.chunks];
    const keep = async () => this.#put(path, createFile(chunks));
    return {
      initialSize: before.size,
      write: async (content) => void chunks.push(content),
      commit: keep,
      close: keep,
      cancel: async () => this.#remove(path),
    };
  }

  protected override async doStat(path: string): Promise<FileInfo | undefined> {
    const node = findNode(this.#root, path);
    if (node === undefined) return undefined;
    const isDirectory = node instanceof MemoryDirectory;
    return { path, isDirectory, size: isDirectory ? 0 : node.size, modifiedAt: node.modifiedAt };
  }

  protected override async *doList(
    path: string,
    { after = '' }: { after: string | undefined },
  ): AsyncGenerator<readonly Entry[], void> {
    const directory = findNode(this.#root, path);
    if (directory === undefined) throw new Refusal('PATH_NOT_FOUND');
    if (!(directory instanceof MemoryDirectory)) throw new Refusal('NOT_A_DIRECTORY');
    // Looked up again for each page: the directory may change between two of them.
    let page = pageAfter(directory, path, after);
    for (; page.length > 0; page = pageAfter(directory, path, page.at(-1)!.name)) {
      yield page;
    }
  }

  protected override async doMove(source: string, destination: string): Promise<void> {
    const file = this.#file(source);
    this.#put(destination, file);
    this.#remove(source);
  }

  protected override async doDelete(path: string): Promise<void> {
    if (findNode(this.#root, path) === undefined) throw new Refusal('PATH_NOT_FOUND');
    this.#remove(path);
    this.#removeEmpty(parentOfPath(path));
  }

  /** Removes a directory if nothing is in it, and then those above. */
  #removeEmpty(directory: string): void {
    const found = findNode(this.#root, directory);
    if (!(found instanceof MemoryDirectory) || found === this.#root || !found.isEmpty()) return;
    this.#remove(directory);
    this.#removeEmpty(parentOfPath(directory));
  }

  #file(path: string): MemoryFile {
    const node = findNode(this.#root, path);
    if (node === undefined) throw new Refusal('PATH_NOT_FOUND');
    if (node instanceof MemoryDirectory) throw new Refusal('NOT_A_FILE', { path });
    return node;
  }

  #put(path: string, file: MemoryFile): void {
    if (findNode(this.#root, path) instanceof MemoryDirectory) {
      throw new Refusal('NOT_A_FILE', { path });
    }
    this.#makeDirectory(parentOfPath(path), path).set(nameOfPath(path), file);
  }

  /** @param path What the directory is made for. */
  #makeDirectory(directory: string, path: string): MemoryDirectory {
    let parent = this.#root;
    for (const name of namesOf(directory)) {
      const child = parent.get(name) ?? new MemoryDirectory();
      if (!(child instanceof MemoryDirectory)) throw new Refusal('NOT_A_DIRECTORY', { path });
      parent.set(name, child);
      parent = child;
    }
    return parent;
  }

  #remove(path: string): void {
    const parent = findNode(this.#root, parentOfPath(path));
    if (parent instanceof MemoryDirectory) parent.delete(nameOfPath(path));
  }
}

function createFile(chunks: readonly Uint8Array[]): MemoryFile {
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  return { chunks, size, modifiedAt: new Date() };
}

/** Copies, so that whoever reads cannot change what is kept. */
function* copyRange(
  chunks: readonly Uint8Array[],
  start: number,
  end: number,
): Generator<Uint8Array, undefined> {
  let position = 0;
  for (const chunk of chunks) {
    const last = Math.min(chunk.byteLength, end - position);
    for (let at = Math.max(start - position, 0); at < last; at += CHUNK_SIZE) {
      yield Buffer.from(chunk.subarray(at, Math.min(at + CHUNK_SIZE, last)));
    }
    position += chunk.byteLength;
  }
}

const PAGE_SIZE = 256;

function pageAfter(directory: MemoryDirectory, path: string, after: string): readonly Entry[] {
  const page: Entry[] = [];
  let name = directory.nameAfter(after);
  for (; name !== undefined && page.length < PAGE_SIZE; name = directory.nameAfter(name)) {
    const isDirectory = directory.get(name) instanceof MemoryDirectory;
    page.push({ name, path: joinPath(path, name), isDirectory });
  }
  return page;
}
