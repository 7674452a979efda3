/**
 * Where the bytes of a writer go: what `BaseDriver.doOpenWriter` gives. The base makes a `FileWriter` of it, and sees
 * to the order of calls: they come one at a time, never after `commit`, `close` or `cancel` succeeded, and neither
 * `write` nor `commit` comes after a failure. `close` and `cancel` may: they then have to free everything.
 */
export interface FileSink {
  /** Bytes that were there when the file was opened: 0 unless it was opened to append. */
  readonly initialSize: number;

  /** Takes bytes, or a reference to them, and resolves when it can take more. At most a few MiB may be held. */
  write(content: Uint8Array): Promise<void>;

  /**
   * Writes what is held, makes the file readable and durable, and frees everything, unless it fails.
   *
   * @returns The bytes of the file, unless they can only be those that were there and those that were written: where the
   * backend lets two writers append to one file.
   */
  commit(): Promise<number | void>;

  /** Writes what is held, makes it durable, and frees everything, even when it fails. */
  close(): Promise<void>;

  /** Frees everything and removes the file. A file that is gone already is no failure. */
  cancel(): Promise<void>;
}
