import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { OutboxError } from '../errors.ts';

const LOCK_FILE = 'lock';
/** @see SQLite, "Result and Error Codes". */
const SQLITE_BUSY = 5;

/**
 * Keeps other processes, and other outboxes of this one, out of a directory. The system lets go of it when the process
 * ends, however that happens; a lock file with a process id could not tell, since containers count by themselves.
 *
 * Node has no call to lock a file, but SQLite locks its own: an open transaction on an empty database is the lock.
 */
export class DirectoryLock implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @throws OutboxError `OUTBOX_IN_USE`; `OUTBOX_UNUSABLE` when the file system cannot lock. */
  static async acquire(directory: string): Promise<DirectoryLock> {
    // Not imported above: older releases of Node warn of it, which those who have no outbox need not see.
    const { DatabaseSync } = await import('node:sqlite');
    let database;
    try {
      database = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
      database.exec('BEGIN EXCLUSIVE');
      return new DirectoryLock(database);
    } catch (error) {
      database?.close();
      const isHeld = (error as { readonly errcode?: unknown }).errcode === SQLITE_BUSY;
      const code = isHeld ? 'OUTBOX_IN_USE' : 'OUTBOX_UNUSABLE';
      throw new OutboxError(code, { directory, cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
