import type { Dirent } from 'node:fs';
import { lstat, opendir, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno } from './errno.ts';

/** Number of extra passes over a directory that concurrent writers keep filling. */
const MAXIMUM_RETRIES = 3;

/** Maximum number of children removed at the same time in one tree, whatever its shape. */
const CONCURRENCY = 8;

/** Names read ahead from one directory. */
const READ_AHEAD = 256;

/**
 * Removes a file, or a directory with everything below it. Of a symbolic link, only the link. Holds a few names of each
 * directory on the way, however many it has.
 */
export async function removeTree(path: string, signal?: AbortSignal): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(await isOfDirectory(error, path))) throw error;
    await new TreeRemoval(signal).removeDirectory(path);
  }
}

class TreeRemoval {
  readonly #signal: AbortSignal | undefined;
  #free = CONCURRENCY;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  async removeDirectory(directory: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      await this.#removeChildren(directory);
      try {
        await rmdir(directory);
        return;
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return;
        if (!isErrno(error, 'ENOTEMPTY', 'EEXIST') || attempt === MAXIMUM_RETRIES) throw error;
      }
    }
  }

  /** Removes children in the background while the tree has a free place, and one after another otherwise. */
  async #removeChildren(directory: string): Promise<void> {
    const running = new Set<Promise<void>>();
    const failures: unknown[] = [];
    try {
      for await (const child of childrenOf(directory)) {
        this.#signal?.throwIfAborted();
        if (failures.length > 0) break;
        const removal = this.#removeChild(directory, child);
        if (this.#free === 0) {
          await removal;
          continue;
        }
        this.#free--;
        const task: Promise<void> = removal
          .catch((error: unknown) => void failures.push(error))
          .finally(() => {
            this.#free++;
            running.delete(task);
          });
        running.add(task);
      }
    } finally {
      await Promise.all(running);
    }
    if (failures.length > 0) throw failures[0];
  }

  #removeChild(directory: string, child: Dirent): Promise<void> {
    const path = join(directory, child.name);
    return child.isDirectory() ? this.removeDirectory(path) : removeIfThere(path);
  }
}

async function* childrenOf(directory: string): AsyncGenerator<Dirent, void> {
  try {
    yield* await opendir(directory, { bufferSize: READ_AHEAD });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/**
 * Removes the directories above a path that are empty, below a root, which stays. A directory that gets a file at this
 * moment either stays or is made again by whoever writes: see `inDirectory`.
 *
 * Never fails: what the caller removed is gone, and an empty directory that cannot be removed does no harm.
 */
export async function removeEmptyParents(path: string, root: string): Promise<void> {
  for (let at = dirname(path); at.length > root.length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

/** Whether `unlink` failed because a directory stands there. POSIX says `EPERM`, and so does macOS; Linux `EISDIR`. */
async function isOfDirectory(error: unknown, path: string): Promise<boolean> {
  if (isErrno(error, 'EISDIR')) return true;
  return isErrno(error, 'EPERM') && (await lstat(path)).isDirectory();
}

export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
