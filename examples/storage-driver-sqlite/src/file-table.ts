import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { compareNames, joinPath, ROOT_PATH, type Entry } from '@purser/storage-driver';

/** Bytes in a row at most: 256 KiB, which a reader holds at once. */
const CHUNK_SIZE = 256 * 1024;

/** Children found at once. */
const PAGE_SIZE = 256;

// The id of a file is never given again: a reader of a replaced file finds nothing, and not the chunks of another.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS chunk (
    file INTEGER NOT NULL REFERENCES file ON DELETE CASCADE,
    start INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (file, start)
  ) STRICT;
`;

// A key is a path with spaces for slashes. A space sorts before every character of a name, and `!` is next to it: so
// a path and everything below it are the keys from `path` to `path!`, in the order of a walk.
const SLASH = ' ';
const AFTER_SLASH = '!';

/** A file, or a directory, which is there because of a file below it. */
export interface StoredNode {
  /** That of the file itself, or of one below the directory. */
  readonly id: number;
  readonly isDirectory: boolean;
  /** Bytes; 0 for a directory. */
  readonly size: number;
  readonly modifiedAt: Date;
}

/** The files of a database: their paths, and their content in chunks. */
export class FileTable implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: string, busyTimeoutMs: number) {
    this.#database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    this.#database.exec(SCHEMA);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** Does all of the work or nothing of it. What is durable makes everything durable that was done before, too. */
  transaction<T>(work: () => T, { durable = true }: { readonly durable?: boolean } = {}): T {
    this.#database.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}; BEGIN IMMEDIATE`);
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has rolled back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  find(path: string): StoredNode | undefined {
    const key = keyOf(path);
    const row = this.#firstRow(key, key + AFTER_SLASH);
    if (row === undefined) return undefined;
    const isDirectory = row.key !== key;
    const { id, size, modified_at: modifiedAt } = row;
    return { id, isDirectory, size: isDirectory ? 0 : size, modifiedAt: new Date(modifiedAt) };
  }

  /** The first children whose names come after a text, without reading what is below them. */
  children(directory: string, after: string): readonly Entry[] {
    const end = keyOf(directory) + AFTER_SLASH;
    const prefix = keyOf(directory) + SLASH;
    const entries: Entry[] = [];
    let row = this.#firstRow(prefix + after + AFTER_SLASH, end);
    while (row !== undefined && entries.length < PAGE_SIZE) {
      const [name = ''] = row.key.slice(prefix.length).split(SLASH, 1);
      const child = prefix + name;
      const entry = { name, path: joinPath(directory, name), isDirectory: row.key !== child };
      // The text may hold characters below a space, which have no place in the order of keys.
      if (compareNames(name, after) > 0) entries.push(entry);
      row = this.#firstRow(child + AFTER_SLASH, end);
    }
    return entries;
  }

  /** @returns The id of a new, empty file. */
  create(path: string): number {
    const insert = this.#prepare('INSERT INTO file (key, size, modified_at) VALUES (?, 0, ?)');
    return Number(insert.run(keyOf(path), Date.now()).lastInsertRowid);
  }

  /** @param start The size of the file so far. @throws Error when the file is gone, or has grown. */
  append(id: number, start: number, content: Uint8Array): void {
    const update = this.#prepare(
      'UPDATE file SET size = ?, modified_at = ? WHERE id = ? AND size = ?',
    );
    const { changes } = update.run(start + content.byteLength, Date.now(), id, start);
    if (changes === 0)
      throw new Error('somebody else appended to the file, replaced or deleted it');
    const insert = this.#prepare('INSERT INTO chunk (file, start, content) VALUES (?, ?, ?)');
    for (let at = 0; at < content.byteLength; at += CHUNK_SIZE) {
      insert.run(id, start + at, content.subarray(at, at + CHUNK_SIZE));
    }
  }

  /** The content from `start` to `end`, chunk by chunk. @throws Error when the file is deleted meanwhile. */
  *read(id: number, start: number, end: number): Generator<Uint8Array, undefined> {
    const select = this.#prepare(
      'SELECT start, content FROM chunk WHERE file = ? AND start <= ? ORDER BY start DESC LIMIT 1',
    );
    for (let at = start; at < end;) {
      const row = select.get(id, at) as { start: number; content: Uint8Array } | undefined;
      const piece = row?.content.subarray(at - row.start, end - row.start);
      if (!piece?.byteLength) throw new Error('the file was replaced or deleted while it was read');
      at += piece.byteLength;
      yield piece;
    }
  }

  rename(id: number, path: string): void {
    this.#prepare('UPDATE file SET key = ? WHERE id = ?').run(keyOf(path), id);
  }

  remove(id: number): void {
    this.#prepare('DELETE FROM file WHERE id = ?').run(id);
  }

  /** Removes a file, or everything below a directory. @returns How many files there were. */
  removeTree(path: string): number {
    const remove = this.#prepare('DELETE FROM file WHERE key >= ? AND key < ?');
    const key = keyOf(path);
    return Number(remove.run(key, key + AFTER_SLASH).changes);
  }

  #firstRow(start: string, end: string): FileRow | undefined {
    const select = this.#prepare(
      'SELECT * FROM file WHERE key >= ? AND key < ? ORDER BY key LIMIT 1',
    );
    return select.get(start, end) as FileRow | undefined;
  }

  #prepare(text: string): StatementSync {
    const statement = this.#statements.get(text) ?? this.#database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }
}

interface FileRow {
  readonly id: number;
  readonly key: string;
  readonly size: number;
  readonly modified_at: number;
}

function keyOf(path: string): string {
  return path === ROOT_PATH ? '' : path.replaceAll('/', SLASH);
}
