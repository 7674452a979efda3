import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Bell } from '../bell.ts';
import type { Clock } from '../clock.ts';
import type { NotifierObserver } from '../observer.ts';
import type { MemoryBounds } from '../sinks/queue.ts';
import { syncDirectory, type FileSystem } from './file-system.ts';
import { formatRecord, parseRecord, type OutboxRecord } from './record.ts';
import {
  addToShares,
  findSegments,
  newSegment,
  shareOf,
  shareOfAll,
  type Segment,
} from './segment.ts';

export interface JournalOptions {
  readonly directory: string;
  /** Of all segments; reached, the oldest goes. */
  readonly maximumBytes: number;
  readonly maximumEvents: number;
  /** Whether records have survived a loss of power, too, when they are accepted. */
  readonly durable: boolean;
  /** Of what waits for the disk. */
  readonly memory: MemoryBounds;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly observer: NotifierObserver;
}

interface Unwritten {
  readonly sequence: number;
  readonly line: Buffer;
  readonly repository: string;
}

/** A bound is kept by removing whole segments: a sixteenth of what is kept goes at once. */
const SEGMENTS = 16;
/** Large enough that files are few, small enough that what was delivered goes soon. */
const LARGEST_SEGMENT = 4 * 1024 * 1024;
/** A full disk is not asked again at each event. */
const RETRY_MS = 1000;

/**
 * Keeps records in files until everybody has read them.
 *
 * Records that come while a write is under way are written together by the next, so that a burst costs few writes. When
 * the disk fails, records wait in memory, can be read from there, and are written before those that come later.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #segments: Segment[];
  readonly #bell = new Bell();
  #handle: FileHandle | undefined;
  #unwritten: Unwritten[] = [];
  #unwrittenBytes = 0;
  #next: number;
  #flushing: Promise<void> | undefined;
  #failedAt: number | undefined;
  #droppedBefore = 0;
  #isClosed = false;

  private constructor(segments: Segment[], next: number, options: JournalOptions) {
    this.#segments = segments;
    this.#next = next;
    this.#options = options;
  }

  /**
   * Opens what is in the directory, and cuts off what a crash left half written.
   *
   * @param least What the next sequence must not be below: somebody has read that far.
   */
  static async open(options: JournalOptions, least: number): Promise<Journal> {
    const { directory, files, observer } = options;
    const { segments, torn } = await findSegments(directory, files);
    if (torn > 0) observer({ kind: 'outbox-cut', bytes: torn });
    const next = Math.max(segments.at(-1)?.next ?? 1, least);
    const journal = new Journal(segments, next, options);
    await journal.#openSegment();
    return journal;
  }

  /** The sequence from which on records are kept. */
  get first(): number {
    return this.#segments[0]?.first ?? this.#next;
  }

  /** What is missing before this sequence was dropped to keep a bound. */
  get droppedBefore(): number {
    return Math.max(this.first, this.#droppedBefore);
  }

  /** The sequence of the next record. */
  get next(): number {
    return this.#next;
  }

  /** Of all files. */
  get bytes(): number {
    return this.#segments.reduce((total, { bytes }) => total + bytes, 0);
  }

  get bell(): Bell {
    return this.#bell;
  }

  /**
   * Whether a repository takes so much of a journal that is half full that its next records would push out those of
   * others: more than a quarter of what may be kept.
   */
  isCrowdedBy(repository: string): boolean {
    const { maximumBytes, maximumEvents } = this.#options;
    const all = shareOfAll(this.#segments);
    if (all.bytes <= maximumBytes / 2 && all.records <= maximumEvents / 2) return false;
    const own = shareOf(repository, this.#segments);
    const isAlone = own.records >= all.records;
    return !isAlone && (own.bytes > maximumBytes / 4 || own.records > maximumEvents / 4);
  }

  /**
   * Adds an entry, given as JSON.
   *
   * @param repository The repository that it is about.
   * @returns Settles when it is in the file, or when it turned out that it has to wait in memory; never rejects.
   */
  async append(json: string, repository: string): Promise<void> {
    const sequence = this.#next;
    const line = formatRecord(sequence, json);
    this.#next += 1;
    this.#unwritten.push({ sequence, line, repository });
    this.#unwrittenBytes += line.byteLength;
    this.#boundMemory();
    // Readers have it from memory until it is in the file.
    this.#bell.ring();
    await this.flush();
  }

  /** Writes what waits, with one write for all of it. Never rejects. */
  async flush(): Promise<void> {
    // What is under way began before; the next write takes everything.
    await this.#flushing;
    this.#flushing ??= this.#write().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  /** The segment that holds a sequence, or else the next one after it. */
  segmentAt(sequence: number): Segment | undefined {
    return this.#segments.find(({ next }) => next > sequence);
  }

  /** A record that is not in any file: the first from a sequence on. */
  unwrittenFrom(sequence: number): OutboxRecord | undefined {
    const first = this.#unwritten[0]?.sequence ?? 0;
    const found = this.#unwritten[Math.max(sequence - first, 0)];
    return found && parseRecord(found.line.subarray(0, -1));
  }

  /** Forgets records that everybody has read: those before a sequence. */
  async release(sequence: number): Promise<void> {
    while (this.#segments.length > 1 && (this.#segments[0] as Segment).next <= sequence) {
      await this.#removeFirst();
    }
    if (this.#failedAt !== undefined) this.#forgetUnwritten(sequence);
  }

  async close(): Promise<void> {
    await this.flush();
    this.#isClosed = true;
    await this.#handle?.close().catch(() => {});
    this.#handle = undefined;
  }

  async #write(): Promise<void> {
    const { clock, observer } = this.#options;
    const batch = [...this.#unwritten];
    const isResting = this.#failedAt !== undefined && clock.now() < this.#failedAt + RETRY_MS;
    if (batch.length === 0 || isResting || this.#isClosed) return;
    try {
      await this.#writeBatch(batch);
    } catch (error) {
      if (this.#failedAt === undefined) {
        observer({ kind: 'outbox-failed', operation: 'append', error });
      }
      this.#failedAt = clock.now();
      return;
    }
    this.#forgetUnwritten((batch.at(-1)?.sequence ?? 0) + 1);
    if (this.#failedAt !== undefined) observer({ kind: 'outbox-recovered' });
    this.#failedAt = undefined;
    await this.#enforceBounds();
  }

  async #writeBatch(batch: readonly Unwritten[]): Promise<void> {
    const first = batch[0]?.sequence ?? this.#next;
    let active = this.#active;
    if (this.#handle === undefined || active === undefined || this.#isFull(active)) {
      active = await this.#openSegment(first);
    }
    const handle = this.#handle as FileHandle;
    const content = Buffer.concat(batch.map(({ line }) => line));
    try {
      await writeWhole(handle, content, active.bytes);
      if (this.#options.durable) await handle.datasync();
    } catch (error) {
      // Half a record must not stand before whole ones. What cannot be cut is passed over by its checksum.
      await handle.truncate(active.bytes).catch(() => {});
      throw error;
    }
    active.bytes += content.byteLength;
    active.next = (batch.at(-1)?.sequence ?? 0) + 1;
    addToShares(active, batch);
  }

  get #active(): Segment | undefined {
    return this.#segments.at(-1);
  }

  #isFull(segment: Segment): boolean {
    const { maximumBytes, maximumEvents } = this.#options;
    return (
      segment.bytes >= Math.min(maximumBytes / SEGMENTS, LARGEST_SEGMENT) ||
      segment.next - segment.first >= maximumEvents / SEGMENTS
    );
  }

  /** Goes on with the last segment if it is neither full nor ends before `first`; else begins a new one. */
  async #openSegment(first = this.#next): Promise<Segment> {
    const { directory, files, durable } = this.#options;
    let active = this.#active;
    if (active === undefined || this.#isFull(active) || active.next < first) {
      active = newSegment(directory, first);
    }
    const handle = await files.open(active.path, constants.O_RDWR | constants.O_CREAT);
    await handle.truncate(active.bytes);
    if (durable) await syncDirectory(directory, files);
    await this.#handle?.close().catch(() => {});
    this.#handle = handle;
    if (active !== this.#active) this.#segments.push(active);
    return active;
  }

  async #enforceBounds(): Promise<void> {
    const { maximumBytes, maximumEvents, observer } = this.#options;
    for (;;) {
      const [first] = this.#segments;
      if (first === undefined || this.#segments.length === 1) return;
      const { bytes } = this;
      if (bytes <= maximumBytes && this.#next - first.first <= maximumEvents) return;
      await this.#removeFirst();
      observer({ kind: 'outbox-full', events: first.next - first.first, bytes: first.bytes });
    }
  }

  async #removeFirst(): Promise<void> {
    const segment = this.#segments.shift();
    if (segment === undefined) return;
    try {
      await this.#options.files.rm(segment.path, { force: true });
    } catch (error) {
      this.#options.observer({ kind: 'outbox-failed', operation: 'remove', error });
    }
  }

  #boundMemory(): void {
    const { memory, observer } = this.#options;
    for (;;) {
      const [first] = this.#unwritten;
      const { length } = this.#unwritten;
      const isWithin =
        length <= memory.maximumEvents && this.#unwrittenBytes <= memory.maximumBytes;
      if (first === undefined || isWithin) return;
      this.#droppedBefore = first.sequence + 1;
      this.#forgetUnwritten(this.#droppedBefore);
      observer({ kind: 'outbox-full', events: 1, bytes: first.line.byteLength });
    }
  }

  /** Those before a sequence. */
  #forgetUnwritten(sequence: number): void {
    const first = this.#unwritten[0]?.sequence ?? 0;
    for (const { line } of this.#unwritten.splice(0, Math.max(sequence - first, 0))) {
      this.#unwrittenBytes -= line.byteLength;
    }
  }
}

async function writeWhole(handle: FileHandle, content: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < content.byteLength) {
    const { bytesWritten } = await handle.write(content, {
      offset: written,
      position: position + written,
    });
    written += bytesWritten;
  }
}
