import type { Clock } from '../clock.ts';
import type { NotifierObserver } from '../observer.ts';
import type { Sink } from '../sinks/sink.ts';
import type { Cursor } from './cursor.ts';
import type { FileSystem } from './file-system.ts';
import { JournalReader } from './journal-reader.ts';
import type { Journal } from './journal.ts';
import type { OutboxRecord } from './record.ts';

export interface FeedOptions {
  /** The name of the endpoint. */
  readonly endpoint: string;
  readonly journal: Journal;
  readonly cursor: Cursor;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly observer: NotifierObserver;
  /** Called when the cursor has moved. */
  readonly onProgress: () => Promise<void>;
}

const RETRY_MS = 1000;

/** Leads one endpoint through the journal, record by record. */
export class Feed {
  readonly #sink: Sink;
  readonly #options: FeedOptions;
  readonly #reader: JournalReader;
  #isClosing = false;

  constructor(sink: Sink, options: FeedOptions) {
    const { journal, cursor, files } = options;
    this.#sink = sink;
    this.#options = options;
    this.#reader = new JournalReader(journal, cursor.next, files);
  }

  /** Records that the endpoint has not passed, wanted or not. */
  get size(): number {
    return this.#options.journal.next - this.#options.cursor.next;
  }

  get cursor(): Cursor {
    return this.#options.cursor;
  }

  /** Passes records on until the signal is aborted or, after `finish`, nothing is left. */
  async run(signal: AbortSignal): Promise<void> {
    const { bell } = this.#options.journal;
    while (!signal.aborted) {
      const { rings } = bell;
      const record = await this.#read(signal);
      if (record !== undefined) await this.#pass(record, signal);
      else if (this.#isClosing) return;
      else await bell.next(rings, signal);
    }
  }

  finish(): void {
    this.#isClosing = true;
    this.#options.journal.bell.ring();
  }

  async #read(signal: AbortSignal): Promise<OutboxRecord | undefined> {
    for (;;) {
      try {
        return await this.#reader.next();
      } catch (error) {
        this.#options.observer({ kind: 'outbox-failed', operation: 'read', error });
        await this.#options.clock.wait(RETRY_MS, signal);
      }
    }
  }

  async #pass({ sequence, entry }: OutboxRecord, signal: AbortSignal): Promise<void> {
    const { endpoint, cursor, onProgress } = this.#options;
    const missed = sequence - cursor.next;
    if (missed > 0) this.#reportMissed(missed);
    const { only, ...notification } = entry;
    if (only === undefined || only === endpoint) await this.#sink.write(notification, { signal });
    cursor.advance(sequence + 1, missed);
    await onProgress();
  }

  #reportMissed(events: number): void {
    const { endpoint, observer, journal, cursor } = this.#options;
    const reason = cursor.next < journal.droppedBefore ? 'overflow' : 'damage';
    observer({ kind: 'dropped', endpoint, events, reason });
  }
}
