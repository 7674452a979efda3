import { Readable } from 'node:stream';
import {
  BaseDriver,
  parentOfPath,
  Refusal,
  ROOT_PATH,
  type DriverErrorCode,
  type Entry,
  type FileInfo,
  type FileSink,
} from '@purser/storage-driver';
import { FileTable, type StoredNode } from './file-table.ts';
import { createSink } from './sink.ts';

/** Keeps bytes in one SQLite database. Disposing of it closes the database. */
export class SqliteDriver extends BaseDriver implements Disposable {
  readonly name = 'sqlite';
  readonly #files: FileTable;

  private constructor(files: FileTable) {
    super();
    this.#files = files;
  }

  /**
   * Opens a database, and makes it when there is none, in a directory that is there.
   *
   * @param busyTimeoutMs How long to wait for another process that writes, in milliseconds. Default 5000.
   * @throws Error of `node:sqlite` when it cannot be opened.
   */
  static open(file: string, busyTimeoutMs = 5000): SqliteDriver {
    return new SqliteDriver(new FileTable(file, busyTimeoutMs));
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }

  protected override async doGetContent(path: string): Promise<Uint8Array> {
    const { id, size } = this.#findFile(path);
    return Buffer.concat([...this.#files.read(id, 0, size)]);
  }

  protected override async doPutContent(
    path: string,
    content: Uint8Array,
    { durable }: { durable: boolean },
  ): Promise<void> {
    const put = () => this.#files.append(this.#createFile(path), 0, content);
    this.#files.transaction(put, { durable });
  }

  protected override async doCreate(path: string, content: Uint8Array): Promise<boolean> {
    return this.#files.transaction(() => {
      if (this.#files.find(path) !== undefined) return false;
      this.#files.append(this.#createFile(path), 0, content);
      return true;
    });
  }

  protected override async doOpenReader(
    path: string,
    { offset, length }: { offset: number; length: number },
  ): Promise<Readable> {
    const { id, size } = this.#findFile(path);
    const pieces = this.#files.read(id, offset, Math.min(size, offset + length));
    const fail = (error: unknown) => this.failure(error, { operation: 'openReader', path });
    // The first piece is read now, so that a small file is whole although it is replaced meanwhile.
    let piece = pieces.next().value;
    return new Readable({
      read() {
        try {
          this.push(piece ?? null);
          piece = pieces.next().value;
        } catch (error) {
          this.destroy(fail(error) as Error);
        }
      },
    });
  }

  protected override async doOpenWriter(
    path: string,
    { append }: { append: boolean },
  ): Promise<FileSink> {
    const open = () => {
      const found = append ? this.#findPlace(path) : undefined;
      return found ?? { id: this.#createFile(path), size: 0 };
    };
    return createSink(this.#files, this.#files.transaction(open, { durable: false }));
  }

  protected override async doStat(path: string): Promise<FileInfo | undefined> {
    const node = this.#files.find(path);
    if (node === undefined) return undefined;
    const { isDirectory, size, modifiedAt } = node;
    return { path, isDirectory, size, modifiedAt };
  }

  protected override async *doList(
    path: string,
    { after = '' }: { after: string | undefined },
  ): AsyncGenerator<readonly Entry[], void> {
    const node = this.#files.find(path);
    if (node === undefined) throw new Refusal('PATH_NOT_FOUND');
    if (!node.isDirectory) throw new Refusal('NOT_A_DIRECTORY');
    let page = this.#files.children(path, after);
    for (; page.length > 0; page = this.#files.children(path, page.at(-1)!.name)) yield page;
  }

  protected override async doMove(source: string, destination: string): Promise<void> {
    this.#files.transaction(() => {
      const { id } = this.#findFile(source);
      const replaced = this.#findPlace(destination);
      if (replaced !== undefined) this.#files.remove(replaced.id);
      this.#files.rename(id, destination);
    });
  }

  protected override async doDelete(path: string): Promise<void> {
    const count = this.#files.transaction(() => this.#files.removeTree(path));
    if (count === 0) throw new Refusal('PATH_NOT_FOUND');
  }

  protected override codeOf(error: unknown): DriverErrorCode | undefined {
    const { errcode } = error as { readonly errcode?: number };
    // The low byte says what failed, the others how.
    return errcode === undefined ? undefined : CODES.get(errcode & 0xff);
  }

  #findFile(path: string): StoredNode {
    const node = this.#files.find(path);
    if (node === undefined) throw new Refusal('PATH_NOT_FOUND', { path });
    if (node.isDirectory) throw new Refusal('NOT_A_FILE', { path });
    return node;
  }

  /** The file at a path where one may be written; `undefined` when there is none yet. */
  #findPlace(path: string): StoredNode | undefined {
    let parent = parentOfPath(path);
    for (; parent !== ROOT_PATH; parent = parentOfPath(parent)) {
      if (this.#files.find(parent)?.isDirectory === false) {
        throw new Refusal('NOT_A_DIRECTORY', { path });
      }
    }
    const node = this.#files.find(path);
    if (node?.isDirectory === true) throw new Refusal('NOT_A_FILE', { path });
    return node;
  }

  /** Puts an empty file at a path, in the place of the one that is there. */
  #createFile(path: string): number {
    const replaced = this.#findPlace(path);
    if (replaced !== undefined) this.#files.remove(replaced.id);
    return this.#files.create(path);
  }
}

/** @see SQLite, "Result and Error Codes". */
const CODES: ReadonlyMap<number, DriverErrorCode> = new Map([
  [3, 'PERMISSION_DENIED'], // SQLITE_PERM
  [5, 'BUSY'], // SQLITE_BUSY
  [6, 'BUSY'], // SQLITE_LOCKED
  [8, 'READ_ONLY'], // SQLITE_READONLY
  [13, 'NO_SPACE'], // SQLITE_FULL
  [14, 'PERMISSION_DENIED'], // SQLITE_CANTOPEN
]);
