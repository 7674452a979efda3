import type { Stats } from 'node:fs';
import { Refusal } from '@purser/storage-driver';
import { statOrMissing } from './stat.ts';

/** For so long what was seen last is believed by who reads, in milliseconds. */
const MEMORY_MS = 1000;

/** What tells one directory from another that stands at the same path later. */
type Identity = Pick<Stats, 'dev' | 'ino'>;

/**
 * The directory below which everything is kept, and whether it is still the one that it was at first. When a file system
 * that is mounted there goes away, what remains is an empty directory of another disk, or none: whatever would be
 * written would be written there, and all that is kept would seem to be gone.
 *
 * A file system that comes back may have another device number; then its directory has the inode that it had. Some give
 * a directory another inode now and then, and keep the device number. So it is another one when both differ.
 */
export class RootDirectory {
  readonly path: string;
  #first: Identity | undefined;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Looks now.
   *
   * @throws Refusal `UNAVAILABLE` when it is another, or gone. One that was never there is made with the first file.
   */
  async check(): Promise<void> {
    const startedAt = performance.now();
    const found = await statOrMissing(this.path);
    this.#first ??= found;
    if (this.#first === undefined) return;
    this.#lookedAt = isSame(this.#first, found) ? startedAt : -Infinity;
    if (this.#lookedAt === startedAt) return;
    throw new Refusal('UNAVAILABLE', { message: describe(this.path, found) });
  }

  /** The same, of a moment ago. All who ask meanwhile look once. */
  async checkLately(): Promise<void> {
    if (performance.now() - this.#lookedAt < MEMORY_MS) return;
    this.#looking ??= this.check().finally(() => (this.#looking = undefined));
    await this.#looking;
  }
}

function isSame(first: Identity, found: Identity | undefined): boolean {
  return found !== undefined && (found.dev === first.dev || found.ino === first.ino);
}

function describe(path: string, found: Identity | undefined): string {
  const state = found === undefined ? 'is gone' : 'is on another file system than before';
  return `the root directory ${path} ${state}: mount what was there again, or restart to keep content here`;
}
