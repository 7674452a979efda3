import { stat, statfs } from 'node:fs/promises';
import { ConcurrencyLimit } from '@purser/storage-driver';
import type { Children } from './listing.ts';

/** How a directory is looked at. Tests count these calls. */
export interface DirectoryReads {
  readonly readChildren: (directory: string) => Promise<Children>;
  readonly readState: (directory: string) => Promise<DirectoryState | undefined>;
}

/** Changes whenever a child is added, removed or renamed. */
export interface DirectoryState {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

interface Kept {
  readonly children: Children;
  readonly state: DirectoryState;
  readonly bytes: number;
}

interface Reading {
  readonly now: Promise<Children>;
  /** The read of all calls since. */
  next: Promise<Children> | undefined;
}

/** Smaller directories cost about as much to read as to look at. */
const LEAST_KEPT_CHILDREN = 256;
const MOST_KEPT_BYTES = 16 * 1024 * 1024;
/** Directories that are remembered to be large, by their paths. */
const MOST_LARGE = 10_000;
/** Such a directory takes a tenth of a second of a thread and of the event loop to read. */
const LARGE_CHILDREN = 10_000;
/** A string of V8 with its place in an array, without its characters. */
const BYTES_OF_NAME = 32;

/**
 * Lists directories so that a page of a large one costs about its page. A listing is kept and reused while the state of
 * its directory is the same. Concurrent calls for one directory share a read that begins after all of them: each call
 * sees every earlier change, by any process.
 */
export class DirectoryListings {
  readonly #reads: DirectoryReads;
  /** The least recently used first. */
  readonly #kept = new Map<string, Kept>();
  readonly #readings = new Map<string, Reading>();
  readonly #large = new Set<string>();
  /** Reads of large directories, one at a time, so that they leave threads for others. */
  readonly #largeReads = new ConcurrencyLimit(1);
  #bytes = 0;

  constructor(reads: DirectoryReads) {
    this.#reads = reads;
  }

  /** Fails as `readChildren` does. */
  async childrenOf(directory: string): Promise<Children> {
    const reading = this.#readings.get(directory);
    if (reading !== undefined) {
      const again = () => this.childrenOf(directory);
      return (reading.next ??= reading.now.then(again, again));
    }
    const kept = this.#kept.get(directory);
    if (kept !== undefined) {
      if (isSame(kept.state, await this.#reads.readState(directory))) {
        this.#use(directory, kept);
        return kept.children;
      }
      this.#forget(directory, kept);
      // Another call may have begun to read by now.
      return this.childrenOf(directory);
    }
    const now = this.#read(directory).finally(() => this.#readings.delete(directory));
    this.#readings.set(directory, { now, next: undefined });
    return now;
  }

  async #read(directory: string): Promise<Children> {
    const startedAt = Date.now();
    const read = () => this.#reads.readChildren(directory);
    const isLarge = this.#large.has(directory);
    const children = await (isLarge ? this.#largeReads.run(read) : read());
    this.#noteSize(directory, children);
    const bytes = sizeOf(children);
    if (children.names.length < LEAST_KEPT_CHILDREN || children.hasLinks) return children;
    if (bytes > MOST_KEPT_BYTES) return children;
    const state = await this.#reads.readState(directory);
    if (state !== undefined && isSettled(state, startedAt)) {
      this.#use(directory, { children, state, bytes });
    }
    return children;
  }

  #noteSize(directory: string, { names }: Children): void {
    this.#large.delete(directory);
    if (names.length < LARGE_CHILDREN) return;
    this.#large.add(directory);
    const [oldest] = this.#large;
    if (this.#large.size > MOST_LARGE) this.#large.delete(oldest!);
  }

  #use(directory: string, kept: Kept): void {
    const before = this.#kept.get(directory);
    if (before !== undefined) this.#forget(directory, before);
    this.#kept.set(directory, kept);
    this.#bytes += kept.bytes;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#bytes <= MOST_KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= bytes;
    }
  }

  #forget(directory: string, kept: Kept): void {
    if (this.#kept.get(directory) !== kept) return;
    this.#kept.delete(directory);
    this.#bytes -= kept.bytes;
  }
}

/** Local file systems of Linux, which stamp directories with the clock of this machine: by the number of `statfs`. */
const LOCAL_FILE_SYSTEMS: ReadonlySet<bigint> = new Set([
  0xef53n, // ext2, ext3, ext4
  0x58465342n, // xfs
  0x9123683en, // btrfs
  0x01021994n, // tmpfs
  0x794c7630n, // overlayfs
  0x2fc12fc1n, // zfs
  0xf2f52010n, // f2fs
]);

/**
 * The state of a directory. `undefined` when it cannot be read, and where a change may show late: network file systems
 * have clocks of their own and cache attributes.
 */
export async function readDirectoryState(directory: string): Promise<DirectoryState | undefined> {
  try {
    const [state, { type }] = await Promise.all([
      stat(directory, { bigint: true }),
      statfs(directory, { bigint: true }),
    ]);
    return LOCAL_FILE_SYSTEMS.has(type) ? state : undefined;
  } catch {
    // The directory is read instead, which reports the error.
    return undefined;
  }
}

function isSame(kept: DirectoryState, now: DirectoryState | undefined): boolean {
  return (
    now !== undefined &&
    kept.ino === now.ino &&
    kept.dev === now.dev &&
    kept.mtimeNs === now.mtimeNs &&
    kept.ctimeNs === now.ctimeNs
  );
}

const NANOSECONDS_PER_MS = 1_000_000n;
const NANOSECONDS_PER_SECOND = 1_000_000_000n;
/** Well above the ticks of a kernel, by which it stamps files: 1 to 10 ms. */
const TICK_MS = 100;
/** Some file systems keep whole seconds, or every other. */
const COARSE_TICK_MS = 3_000;

/** Whether the directory had its state before it was read. Two changes within one tick have the same time. */
function isSettled({ mtimeNs, ctimeNs }: DirectoryState, readAt: number): boolean {
  const changedNs = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  const tick = changedNs % NANOSECONDS_PER_SECOND === 0n ? COARSE_TICK_MS : TICK_MS;
  return Number(changedNs / NANOSECONDS_PER_MS) + tick < readAt;
}

function sizeOf({ names }: Children): number {
  return names.reduce((sum, name) => sum + BYTES_OF_NAME + name.length, 0);
}
