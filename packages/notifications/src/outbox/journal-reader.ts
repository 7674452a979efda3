import { isMissing, type FileSystem } from './file-system.ts';
import type { Journal } from './journal.ts';
import { parseRecord, splitLines, type OutboxRecord } from './record.ts';
import type { Segment } from './segment.ts';

/** Read at once: some hundred records. */
const CHUNK = 128 * 1024;

/** Reads the records of a journal in their order, from a sequence on, each once. */
export class JournalReader {
  readonly #journal: Journal;
  readonly #files: FileSystem;
  /** The sequence from which on records are still to be given. */
  #position: number;
  #segment: Segment | undefined;
  #offset = 0;
  #records: OutboxRecord[] = [];

  constructor(journal: Journal, position: number, files: FileSystem) {
    this.#journal = journal;
    this.#position = position;
    this.#files = files;
  }

  /**
   * The next record; `undefined` when there is none yet. Its sequence tells how many are missing before it.
   *
   * Rejects when the disk fails; the next call tries again.
   */
  async next(): Promise<OutboxRecord | undefined> {
    for (;;) {
      const record = this.#records.shift();
      if (record !== undefined) {
        if (record.sequence >= this.#position) return this.#give(record);
      } else if (!(await this.#fill())) {
        const unwritten = this.#journal.unwrittenFrom(this.#position);
        return unwritten && this.#give(unwritten);
      }
    }
  }

  #give(record: OutboxRecord): OutboxRecord {
    this.#position = record.sequence + 1;
    return record;
  }

  /** @returns Whether there may be records now. */
  async #fill(): Promise<boolean> {
    const segment = this.#journal.segmentAt(this.#position);
    if (segment === undefined) return false;
    if (segment !== this.#segment) {
      this.#segment = segment;
      this.#offset = 0;
    }
    if (this.#offset >= segment.bytes) {
      // Its end is damaged: what is missing shows in the next sequence.
      this.#position = segment.next;
      return true;
    }
    try {
      await this.#read(segment);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Removed meanwhile, to keep a bound.
      this.#position = segment.next;
    }
    return true;
  }

  async #read(segment: Segment): Promise<void> {
    for (let size = CHUNK; ; size *= 2) {
      const wanted = Math.min(size, segment.bytes - this.#offset);
      const content = await this.#readAt(segment, wanted);
      const { lines, length } = splitLines(content);
      if (length === 0 && wanted === size && content.byteLength === wanted) continue;
      this.#records = lines.map(parseRecord).filter((record) => record !== undefined);
      this.#offset += length > 0 ? length : wanted;
      return;
    }
  }

  async #readAt({ path }: Segment, length: number): Promise<Buffer> {
    const handle = await this.#files.open(path, 'r');
    try {
      const content = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(content, 0, length, this.#offset);
      return content.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }
}
